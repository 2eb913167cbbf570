//! Writes the generated types of the interface anew.

use doorstep_tests::bindings;

fn main() -> anyhow::Result<()> {
    let folder = bindings::folder();
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    bindings::export(&folder)
}
