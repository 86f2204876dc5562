//! The file with the number of the process (`pidfile`), by which service managers and scripts find it.

use std::path::{Path, PathBuf};

/// The file. It is removed when this goes out of scope, as at the end of a Redis that was told to end; after a
/// crash it stays.
#[derive(Debug)]
pub struct PidFile {
    path: PathBuf,
}

impl PidFile {
    /// Writes it. A server without it is still a server: where that fails it is logged, as in Redis.
    #[must_use]
    pub fn write(path: &str) -> Option<PidFile> {
        if path.is_empty() {
            return None;
        }
        let path = std::path::absolute(path).unwrap_or_else(|_| Path::new(path).to_path_buf());
        match std::fs::write(&path, format!("{}\n", std::process::id())) {
            Ok(()) => Some(PidFile { path }),
            Err(error) => {
                log::warn!("cannot write the pidfile {}: {error}", path.display());
                None
            }
        }
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        // Whoever has removed it wanted it away.
        let _ = std::fs::remove_file(&self.path);
    }
}
