//! The `gatehouse` program.

fn main() -> std::process::ExitCode {
    gatehouse::run()
}
