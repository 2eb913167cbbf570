//! Makes sure the folder of the built interface exists: a core-only build has none.

fn main() -> std::io::Result<()> {
    std::fs::create_dir_all("../../ui/build")
}
