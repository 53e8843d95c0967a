//! The ledger: every accepted item of every customer in DynamoDB, and the profiles they fold into.
//!
//! The ledger is the truth (law 1) and takes each item exactly once (law 2): every change is one transaction on condition
//! that what it was decided on is still as read. There is one storage path, the AWS SDK; locally it talks to an embedded
//! engine. [`keys`] is the only place where a key is spelled.

mod alerts;
pub mod api_key;
mod audience;
mod bucket;
mod campaigns;
mod catalogue_cache;
mod chunks;
mod customer;
mod error;
mod facts;
mod ids;
mod items;
pub mod keys;
mod labels;
mod learning;
mod learning_parts;
mod lease;
mod links;
pub mod order;
mod playbooks;
mod products;
mod publish;
mod publish_lease;
pub mod record;
mod referral_code;
mod referrals;
mod returns;
mod runs;
mod secrets;
mod settings;
mod shop;
mod shop_cache;
mod store;

pub use alerts::{AlertsPage, CustomerAlert};
pub use api_key::{KeyRecord, NewKey, PresentedKey, Scope};
pub use audience::{AudiencePage, Member};
pub use bucket::{BucketPage, Cursor, Shard};
pub use campaigns::{CampaignState, Campaigns, Series};
pub use customer::StoryPage;
pub use error::{LedgerError, RecordError, Refusal};
pub use facts::{AnswerReceipt, AttributesReceipt, ChoiceReceipt, Chosen, Said};
pub use ids::{AnswerId, BadId, ChoiceId, CustomerId, LineId, OrderId, ProductId, ReturnId, ShopId, path_form};
pub use items::{Customer, Sequence, StoryItem};
pub use keys::{CustomerKey, KeySecret};
pub use learning::{BeginLearningError, Learning, LearningNumbers, LearningStatus};
pub use learning_parts::{CountedShard, MergedPart, StoredCounts};
pub use lease::{BeginRunError, LEASE};
pub use links::{SurveyLink, answer_id};
pub use order::{Asked, Line, Order, Return, shop_day};
pub use playbook::CodeSecrets;
pub use playbooks::PlaybookRecord;
pub use products::{MAX_STOCK, ProductReceipt, ProductWrite, StoredProduct};
pub use publish::{Publish, PublishNumbers};
pub use publish_lease::{PUBLISH_EVERY, PUBLISH_LEASE};
pub use record::{OrderReceipt, Status};
pub use referral_code::{NotAReferralCode, ReferralCode};
pub use returns::ReturnReceipt;
pub use runs::{Counts, Run, RunStatus, ShardProgress};
pub use secrets::Secrets;
pub use settings::{BadSetting, Changeable, Guests, Refit, RewardSettings, Settings};
pub use shop::{ActivationRecord, ActiveCuts, CreateShopError, Current, CutsRecord, Registered, RunMark, Shop};
pub use store::{Ledger, Tables};
