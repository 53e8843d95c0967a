//! Every kind of action a playbook can name, as a type. What each does with a customer is in `decide/`.

use serde::{Deserialize, Serialize};

pub use segmentation::answers::{Answer, Survey};

/// Which prices a selection keeps to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Band {
    /// The customer's own: the middle half of what they paid for an item.
    Own,
    /// The lowest third of the shop's prices.
    Low,
}

/// A kind of action. Those that show products show at most as many as the playbook's `show` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Mechanic {
    /// Products of other categories that go with what was bought, or with the cart.
    Complements,
    /// Products of the same category and price band as what was bought.
    LookAlikes,
    /// Products and brands never bought, inside the favourite categories.
    Unfamiliar,
    /// Brands never bought, or last bought one to two years ago.
    NewBrands,
    /// What the purchase history speaks for, in any category.
    HistoryPicks,
    /// Introduces a category that goes with the favourite one and was never bought from.
    NeighbourCategory,
    /// A product bought before that must be nearly used up.
    Replenishment,
    /// The tier, and the amount left to the next one.
    TierReminder,
    /// Consumption statistics and thanks; with a reward it is for an achievement: a round number of orders.
    ThankYou,
    /// The anniversary in the loyalty programme, with the number of purchases.
    Anniversary,
    /// A request to recommend the shop.
    Recommend,
    /// A request to join the referral programme.
    Refer,
    /// A question.
    Survey(Survey),
    /// A reward chosen by the answer to a survey.
    CodeByAnswer(Survey),
    /// A code valid on the customer's usual day only.
    UsualDayCode,
    /// A code on any purchase.
    Code,
    /// Personal terms on the favourite category: a discount.
    CategoryTerms,
    /// Raised cashback on the favourite category.
    CategoryCashback,
    /// Raised cashback on a selection made for the customer.
    SelectionCashback,
    /// A multiple of the points.
    Points,
    /// Cashback that grows with each purchase inside the slot.
    RisingCashback,
    /// The customer chooses a category, and one of the rewards in `choices` on it, for the idea's validity.
    Choose,
    /// Free delivery.
    FreeDelivery,
    /// A stamp card: so many orders inside the slot earn the reward. Progress comes from the ledger.
    Challenge {
        /// How many orders, 2 to 12.
        orders: u8,
    },
    /// A run of orders without a gap longer than the usual one earns the reward.
    Regularity {
        /// How many orders, 2 to 12.
        orders: u8,
    },
    /// The shop's season sale, while it lasts.
    SeasonSale,
    /// Its final days.
    FinalSale,
    /// The best marked-down and best-selling products of the month in a price band.
    BestOfMonth(Band),
    /// Sets with a discount.
    Bundles,
    /// Goods of past seasons, deepest markdown first.
    PastSeason,
    /// A greeting after the first order.
    Welcome,
    /// A reward on the second purchase: needs exactly one counted order.
    SecondPurchase,
    /// What goes with the first order: needs exactly one counted order.
    FirstOrderComplement,
    /// What sells best: needs nothing of the customer.
    Bestsellers,
    /// A message that needs nothing of the customer and shows no products.
    Letter,
}

/// What a customer's text may speak of. A text naming what its mechanic does not know is refused when it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Placeholder {
    /// Names of the products shown, with commas.
    Products,
    /// A category's name.
    Category,
    /// Brands' names, with commas.
    Brands,
    /// A reward in words: "10 % off", "free delivery".
    Reward,
    /// The offer's last day.
    Until,
    /// The first day on which it may be used, where that is not today.
    From,
    /// A number of orders.
    Orders,
    /// Full years in the programme.
    Years,
    /// Money spent.
    Spent,
    /// Money left to the next tier.
    Left,
    /// The next tier's name.
    Tier,
    /// Days since a product was bought.
    Days,
    /// Orders done of a challenge or a rising reward.
    Done,
    /// Orders it takes.
    Goal,
}

impl Placeholder {
    /// All of them.
    pub const ALL: [Placeholder; 14] = [
        Placeholder::Products,
        Placeholder::Category,
        Placeholder::Brands,
        Placeholder::Reward,
        Placeholder::Until,
        Placeholder::From,
        Placeholder::Orders,
        Placeholder::Years,
        Placeholder::Spent,
        Placeholder::Left,
        Placeholder::Tier,
        Placeholder::Days,
        Placeholder::Done,
        Placeholder::Goal,
    ];

    /// As it stands between braces in a text.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Placeholder::Products => "products",
            Placeholder::Category => "category",
            Placeholder::Brands => "brands",
            Placeholder::Reward => "reward",
            Placeholder::Until => "until",
            Placeholder::From => "from",
            Placeholder::Orders => "orders",
            Placeholder::Years => "years",
            Placeholder::Spent => "spent",
            Placeholder::Left => "left",
            Placeholder::Tier => "tier",
            Placeholder::Days => "days",
            Placeholder::Done => "done",
            Placeholder::Goal => "goal",
        }
    }
}

impl Mechanic {
    /// Does it count the orders of a slot?
    #[must_use]
    pub fn counts_orders(self) -> bool {
        matches!(self, Mechanic::RisingCashback | Mechanic::Challenge { .. } | Mechanic::Regularity { .. })
    }

    /// Is there nothing to it without a reward?
    #[must_use]
    pub fn must_give(self) -> bool {
        matches!(
            self,
            Mechanic::CodeByAnswer(_)
                | Mechanic::UsualDayCode
                | Mechanic::Code
                | Mechanic::CategoryTerms
                | Mechanic::CategoryCashback
                | Mechanic::SelectionCashback
                | Mechanic::Points
                | Mechanic::RisingCashback
                | Mechanic::Choose
                | Mechanic::FreeDelivery
                | Mechanic::Challenge { .. }
                | Mechanic::Regularity { .. }
                | Mechanic::SecondPurchase
        )
    }

    /// May it come with a reward? A question or a request is not paid for: it would buy the answer.
    #[must_use]
    pub fn may_give(self) -> bool {
        !matches!(self, Mechanic::Survey(_) | Mechanic::Recommend | Mechanic::Refer | Mechanic::TierReminder)
    }

    /// What a text of this mechanic may name beside `until` (always) and `reward` (where the idea has one).
    #[must_use]
    pub fn knows(self) -> &'static [Placeholder] {
        use Placeholder::{Brands, Category, Days, Done, From, Goal, Left, Orders, Products, Spent, Tier, Years};
        match self {
            Mechanic::Complements | Mechanic::LookAlikes | Mechanic::Unfamiliar => &[Products, Category],
            Mechanic::NewBrands => &[Products, Brands],
            Mechanic::NeighbourCategory | Mechanic::FirstOrderComplement => &[Products, Category],
            Mechanic::Replenishment => &[Products, Days],
            Mechanic::TierReminder => &[Tier, Left, Spent],
            Mechanic::ThankYou => &[Orders, Spent, Category],
            Mechanic::Anniversary => &[Years, Orders, Spent],
            Mechanic::UsualDayCode => &[From],
            Mechanic::CategoryTerms | Mechanic::CategoryCashback => &[Category],
            Mechanic::Choose => &[Category],
            Mechanic::RisingCashback => &[Done, Goal],
            Mechanic::Challenge { .. } | Mechanic::Regularity { .. } => &[Done, Goal],
            Mechanic::HistoryPicks
            | Mechanic::SelectionCashback
            | Mechanic::SeasonSale
            | Mechanic::FinalSale
            | Mechanic::BestOfMonth(_)
            | Mechanic::Bundles
            | Mechanic::PastSeason
            | Mechanic::Bestsellers => &[Products],
            Mechanic::Recommend
            | Mechanic::Refer
            | Mechanic::Survey(_)
            | Mechanic::CodeByAnswer(_)
            | Mechanic::Code
            | Mechanic::Points
            | Mechanic::FreeDelivery
            | Mechanic::Welcome
            | Mechanic::SecondPurchase
            | Mechanic::Letter => &[],
        }
    }
}
