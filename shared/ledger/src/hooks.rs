//! Hooks: a shop's ways in for the webhooks of its platform. The path of one names shop and hook, and each delivery is signed
//! with the hook's secret: that is what shows whose it is (law 15).

use std::collections::BTreeMap;

use data_encoding::{BASE64, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use segmentation::Day;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::error::LedgerError;
use crate::ids::ShopId;
use crate::keys;
use crate::sealed::Sealed;
use crate::shop::Keyed;
use crate::store::{Backoff, Ledger, item};

/// The most hooks of a shop.
pub const MAX_HOOKS: usize = 20;
/// Random bytes of a hook's id.
const ID_BYTES: usize = 8;
/// Random bytes of a secret that we make.
const SECRET_BYTES: usize = 32;

/// Who sends the webhooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Platform {
    /// Shopify.
    Shopify,
    /// WooCommerce.
    Woocommerce,
}

impl Platform {
    /// Its name, as in paths.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Platform::Shopify => "shopify",
            Platform::Woocommerce => "woocommerce",
        }
    }
}

/// A hook's id: 16 small hex digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(extend("pattern" = "^[0-9a-f]{16}$")))]
pub struct HookId(String);

impl HookId {
    /// Reads an id; `None`: it is none of ours.
    #[must_use]
    pub fn read(text: &str) -> Option<HookId> {
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (text.len() == 2 * ID_BYTES && text.bytes().all(digit)).then(|| HookId(text.to_owned()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A hook as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hook {
    /// Who sends.
    pub platform: Platform,
    /// When it was made.
    pub created: Day,
    /// What deliveries may be signed with: the newest first, and while a secret is changed the one before it.
    secrets: Vec<Sealed>,
}

impl Hook {
    /// How many secrets hold: two while a secret is changed.
    #[must_use]
    pub fn secrets(&self) -> usize {
        self.secrets.len()
    }
}

/// All hooks of a shop: one item, so that their number is bounded exactly.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hooks {
    /// 0 while it is not stored.
    version: u64,
    /// By id.
    pub hooks: BTreeMap<HookId, Hook>,
}

/// A hook just made, or with another secret.
#[derive(Clone)]
pub struct NewHook {
    /// Its id.
    pub id: HookId,
    /// As it is stored.
    pub hook: Hook,
    /// The secret, if we made it: shown once.
    pub secret: Option<String>,
}

/// Why the hooks were not changed.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// There are as many as there may be.
    #[error("a shop has at most {MAX_HOOKS} hooks; delete one first")]
    TooMany,
    /// There is no such hook.
    #[error("this shop has no such hook")]
    Unknown,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] LedgerError),
}

/// The secrets of a hook, opened: they prove what was signed with them.
#[derive(Clone)]
pub struct HookKeys(Vec<String>);

impl HookKeys {
    /// Takes secrets as they are.
    #[must_use]
    pub fn new(secrets: impl IntoIterator<Item = String>) -> HookKeys {
        HookKeys(secrets.into_iter().collect())
    }

    /// Is `signature` the base64 of HMAC-SHA256 over the body as it came, under one of the secrets? In constant time. Both
    /// platforms sign so.
    ///
    /// Sources: Shopify, "Verify webhook deliveries"; WooCommerce, `WC_Webhook::generate_signature`.
    #[must_use]
    pub fn prove(&self, body: &[u8], signature: &str) -> bool {
        // What is no base64 is compared as well: it proves nothing.
        let signature = BASE64.decode(signature.trim().as_bytes()).unwrap_or_default();
        let proves = |secret: &String| {
            let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes());
            mac.is_ok_and(|mac| mac.chain_update(body).verify_slice(&signature).is_ok())
        };
        self.0.iter().map(proves).fold(false, |proven, this| proven | this)
    }
}

/// A hook with its secrets opened, as who takes deliveries keeps it.
#[derive(Clone)]
pub struct OpenHook {
    /// Who sends.
    pub platform: Platform,
    /// What proves a delivery.
    pub keys: HookKeys,
}

fn random_hex(bytes: &mut [u8]) -> Result<String, LedgerError> {
    getrandom::fill(bytes).map_err(LedgerError::damaged)?;
    Ok(HEXLOWER.encode(bytes))
}

fn place(shop: &ShopId, id: &HookId) -> String {
    format!("{shop}#hook#{}", id.0)
}

impl Ledger {
    /// The shop's hooks as they stand now.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn hooks(&self, shop: &ShopId) -> Result<Hooks, LedgerError> {
        Ok(self.get(&self.tables().shops, &keys::hooks(shop), true).await?.unwrap_or_default())
    }

    /// The shop's hooks with their secrets opened: one eventually consistent GetItem. Without any the map is empty.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn open_hooks(&self, shop: &ShopId) -> Result<BTreeMap<HookId, OpenHook>, LedgerError> {
        let stored: Option<Hooks> = self.get(&self.tables().shops, &keys::hooks(shop), false).await?;
        let open = |(id, hook): (HookId, Hook)| {
            let place = place(shop, &id);
            let secrets = hook.secrets.iter().map(|sealed| self.inner.secrets.keys.unseal(&place, sealed));
            let keys = HookKeys(secrets.collect::<Result<_, LedgerError>>()?);
            Ok((id, OpenHook { platform: hook.platform, keys }))
        };
        stored.unwrap_or_default().hooks.into_iter().map(open).collect()
    }

    /// Makes a hook, with the platform's secret or with one of 256 random bits.
    ///
    /// # Errors
    /// [`HookError`].
    pub async fn make_hook(
        &self,
        shop: &ShopId,
        platform: Platform,
        secret: Option<String>,
        today: Day,
    ) -> Result<NewHook, HookError> {
        let id = HookId(random_hex(&mut [0; ID_BYTES])?);
        let (sealed, made) = self.seal_or_make(shop, &id, secret)?;
        let hook = Hook { platform, created: today, secrets: vec![sealed] };
        self.change_hooks(shop, |hooks| {
            if hooks.len() >= MAX_HOOKS {
                return Err(HookError::TooMany);
            }
            hooks.insert(id.clone(), hook.clone());
            Ok(())
        })
        .await?;
        Ok(NewHook { id, hook, secret: made })
    }

    /// Gives a hook another secret. With `keep_previous` the one before it holds too, until the next change.
    ///
    /// # Errors
    /// [`HookError`].
    pub async fn change_hook(
        &self,
        shop: &ShopId,
        id: &HookId,
        secret: Option<String>,
        keep_previous: bool,
    ) -> Result<NewHook, HookError> {
        let (sealed, made) = self.seal_or_make(shop, id, secret)?;
        let hook = self
            .change_hooks(shop, |hooks| {
                let hook = hooks.get_mut(id).ok_or(HookError::Unknown)?;
                hook.secrets.insert(0, sealed.clone());
                hook.secrets.truncate(if keep_previous { 2 } else { 1 });
                Ok(hook.clone())
            })
            .await?;
        Ok(NewHook { id: id.clone(), hook, secret: made })
    }

    /// Ends a hook: within a minute nothing that is sent to it is taken any more.
    ///
    /// # Errors
    /// [`HookError`].
    pub async fn delete_hook(&self, shop: &ShopId, id: &HookId) -> Result<(), HookError> {
        self.change_hooks(shop, |hooks| hooks.remove(id).map(|_| ()).ok_or(HookError::Unknown)).await
    }

    fn seal_or_make(
        &self,
        shop: &ShopId,
        id: &HookId,
        given: Option<String>,
    ) -> Result<(Sealed, Option<String>), LedgerError> {
        let made = if given.is_none() { Some(random_hex(&mut [0; SECRET_BYTES])?) } else { None };
        let secret = given.or_else(|| made.clone()).unwrap_or_default();
        Ok((self.inner.secrets.keys.seal(&place(shop, id), &secret)?, made))
    }

    async fn change_hooks<T>(
        &self,
        shop: &ShopId,
        change: impl Fn(&mut BTreeMap<HookId, Hook>) -> Result<T, HookError>,
    ) -> Result<T, HookError> {
        let mut backoff = Backoff::default();
        loop {
            let mut hooks = self.hooks(shop).await?;
            let read = (hooks.version > 0).then_some(hooks.version);
            let changed = change(&mut hooks.hooks)?;
            hooks.version += 1;
            let stored = item(&Keyed { key: keys::hooks(shop), value: &hooks })?;
            if self.put_one(&self.tables().shops, stored, read).await? {
                return Ok(changed);
            }
            backoff.wait().await?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Source: RFC 4231, test case 2, in base64.
    const PROOF: &str = "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=";
    const BODY: &[u8] = b"what do ya want for nothing?";

    #[test]
    fn a_body_is_proven_by_the_base64_of_its_hmac_under_either_secret() {
        let keys = HookKeys::new(["Jefe".to_owned()]);
        assert!(keys.prove(BODY, PROOF));
        assert!(HookKeys::new(["new".to_owned(), "Jefe".to_owned()]).prove(BODY, PROOF));
        assert!(HookKeys::new(["Jefe".to_owned(), "old".to_owned()]).prove(BODY, PROOF));
    }

    #[test]
    fn anything_else_proves_nothing() {
        let keys = HookKeys::new(["Jefe".to_owned()]);
        let hex = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        for wrong in ["", "=", "W9zB", hex, &PROOF.to_lowercase(), &PROOF[..43], &format!("{PROOF}{PROOF}")] {
            assert!(!keys.prove(BODY, wrong), "{wrong}");
        }
        assert!(!keys.prove(b"what do ya want for nothing", PROOF));
        assert!(!HookKeys::new([]).prove(BODY, PROOF) && !HookKeys::new(["jefe".to_owned()]).prove(BODY, PROOF));
    }

    #[test]
    fn an_id_is_sixteen_small_hex_digits() {
        assert!(HookId::read("0123456789abcdef").is_some());
        for bad in
            ["", "0123456789abcde", "0123456789ABCDEF", "0123456789abcdeg", "0123456789abcdef0", "../../../../../"]
        {
            assert!(HookId::read(bad).is_none(), "{bad}");
        }
    }
}
