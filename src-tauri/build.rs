//! Builds the window's permissions; makes sure the folder of the interface exists.

use std::path::Path;

fn main() {
    // `generate_context!` refuses to compile without the folder, and a core-only build has none.
    let built_ui = Path::new("ui/build");
    if !built_ui.exists() {
        std::fs::create_dir_all(built_ui).expect("create `ui/build`");
    }
    println!("cargo:rerun-if-changed=src-tauri/capabilities");
    // The pages are inside the binary: other pages, another binary.
    println!("cargo:rerun-if-changed=ui/build");
    let attributes = tauri_build::Attributes::new()
        .capabilities_path_pattern("./src-tauri/capabilities/**/*.json");
    tauri_build::try_build(attributes).expect("read `tauri.conf.json` and the capabilities");
}
