//! Hands the board's linker script to the linker.

fn main() {
    let target = std::env::var("TARGET").unwrap_or_default();
    let script = if target.starts_with("thumb") { "mps2-an385.ld" } else { "virt-rv32.ld" };
    let folder = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    println!("cargo:rustc-link-arg-bins=-T{folder}/../link/{script}");
    println!("cargo:rustc-link-arg-bins=--nmagic");
    println!("cargo:rerun-if-changed={folder}/../link/{script}");
}
