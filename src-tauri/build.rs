//! Builds the window's permissions; makes sure the folder of the interface exists.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // `generate_context!` refuses to compile without the folder, and a core-only build has none.
    std::fs::create_dir_all("ui/build")?;
    println!("cargo:rerun-if-changed=src-tauri/capabilities");
    // The pages are inside the binary: other pages, another binary.
    println!("cargo:rerun-if-changed=ui/build");
    let attributes = tauri_build::Attributes::new()
        .capabilities_path_pattern("./src-tauri/capabilities/**/*.json");
    Ok(tauri_build::try_build(attributes)?)
}
