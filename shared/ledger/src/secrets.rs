//! The deployment's secrets.

use playbook::CodeSecrets;

use crate::keys::KeySecret;

/// What keys and codes rest on. The key secret never rotates; the code secret may (law 13).
#[derive(Clone, Debug)]
pub struct Secrets {
    /// Under customer keys, shifts and holdouts.
    pub keys: KeySecret,
    /// Under personal codes.
    pub codes: CodeSecrets,
}
