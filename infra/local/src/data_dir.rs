//! The data directory of this machine: the engine's file, the secrets under customer keys and codes, and a lock.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use ledger::{CodeSecrets, KeySecret, Secrets};

/// A directory that this process alone holds.
pub(crate) struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Opens it, or makes it; another process that holds it is an error that says what to do.
    pub(crate) fn open(path: &Path) -> Result<DataDir> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        // Customers' purchases and the secret under their keys: for the owner only.
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path).with_context(|| format!("cannot make the directory {}", path.display()))?;
        let lock = path.join("lock");
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock)
            .with_context(|| format!("cannot open {}", lock.display()))?;
        match lock.try_lock() {
            Ok(()) => Ok(DataDir { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => bail!(
                "another process holds {}; if it is `tercile serve`, call it with --url http://127.0.0.1:PORT and --key",
                path.display()
            ),
            Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("cannot lock {}", path.display())),
        }
    }

    /// The engine's file.
    pub(crate) fn engine_file(&self) -> PathBuf {
        self.path.join("tercile.db")
    }

    /// The secrets: made once. Without the one under customer keys the data cannot be used; the one under codes may be changed,
    /// and codes given out before stay good as long as the old one lies in `code-secret-previous`.
    pub(crate) fn secrets(&self) -> Result<Secrets> {
        let previous = match self.path.join("code-secret-previous") {
            path if path.exists() => Some(self.secret("code-secret-previous")?),
            _ => None,
        };
        Ok(Secrets {
            keys: KeySecret::new(self.secret("key-secret")?),
            codes: CodeSecrets::new(self.secret("code-secret")?, previous),
        })
    }

    /// The 32 bytes of a secret's file, made where it is absent.
    fn secret(&self, name: &str) -> Result<Vec<u8>> {
        let path = self.path.join(name);
        let mut bytes = Vec::new();
        match File::open(&path) {
            Ok(mut file) => {
                file.read_to_end(&mut bytes).with_context(|| format!("cannot read {}", path.display()))?;
                if bytes.len() != 32 {
                    bail!("{} is damaged: 32 bytes expected, {} found", path.display(), bytes.len());
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                bytes.resize(32, 0);
                getrandom::fill(&mut bytes).context("the system has no randomness")?;
                write_secret(&path, &bytes).with_context(|| format!("cannot write {}", path.display()))?;
            }
            Err(error) => return Err(error).with_context(|| format!("cannot open {}", path.display())),
        }
        Ok(bytes)
    }
}

/// Whole or not at all, and for its owner only.
fn write_secret(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let new = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(new, path)
}
