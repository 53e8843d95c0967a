//! Why a reward cannot be used, told apart (law 13), and what must not be told apart.

use axum::http::StatusCode;
use ledger::{NotRedeemed, RedeemError};
use playbook::Mistyped;
use playbook::redeem::{CartRefused, NotRedeemable};
use segmentation::Minor;
use web::{CHANGED, Problem, Refused};

/// What a reservation is refused with.
pub(crate) const RESERVING: [Refused; 21] = [
    (409, "campaign-not-open"),
    (409, "cart-does-not-qualify"),
    (409, "not-offered"),
    (409, "reward-expired"),
    (409, "reward-not-yet"),
    (409, "reward-not-earned"),
    (409, "reward-used"),
    (409, "reward-reserved"),
    (409, "one-reward-per-order"),
    (409, "order-full"),
    (409, "order-cancelled"),
    (409, "budget-exhausted"),
    (409, "attempt-open"),
    (409, "redemption-settled"),
    (409, "other-content"),
    (409, "order-of-another-customer"),
    CHANGED,
    (410, "customer-erased"),
    (422, "code-mistyped"),
    (422, "code-invalid"),
    (429, "too-many-wrong-codes"),
];

/// What a confirmation or a release is refused with.
pub(crate) const SETTLING: [Refused; 4] =
    [web::NOT_FOUND, (409, "order-cancelled"), (409, "redemption-settled"), (410, "customer-erased")];

fn conflict(name: &str, title: &'static str, detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::CONFLICT, name, title, detail)
}

/// A slip of the finger: nobody is counted for it.
pub(crate) fn mistyped(error: &Mistyped) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "code-mistyped", "The code is mistyped", format!("code: {error}"))
        .at("code")
}

/// Never given out, or to somebody else: one answer, so that nobody learns which.
pub(crate) fn invalid() -> Problem {
    let detail = "code: is not valid for this customer";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "code-invalid", "The code is not valid", detail).at("code")
}

pub(crate) fn too_many() -> Problem {
    let detail = "too many wrong codes of this customer today; no code is tried before tomorrow";
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-wrong-codes", "Too many wrong codes", detail)
}

pub(crate) fn unknown() -> Problem {
    Problem::not_found("there is no such redemption")
}

pub(crate) fn not_open(series: &str) -> Problem {
    conflict("campaign-not-open", "The campaign is not open", format!("{series} is paused or ended"))
}

fn cart(field: &str, detail: String) -> Problem {
    conflict("cart-does-not-qualify", "The cart does not qualify", detail).at(field)
}

pub(crate) fn too_small(least: Minor) -> Problem {
    cart("total", format!("total: the reward needs {} minor units", least.0))
}

pub(crate) fn lines(refused: CartRefused) -> Problem {
    cart("lines", format!("lines: {refused}"))
}

/// By the calendar, the step, or since it was never offered.
pub(crate) fn not_now(why: NotRedeemable) -> Problem {
    let detail = format!("the reward {why}");
    match why {
        NotRedeemable::NotOffered(_) => conflict("not-offered", "The customer is not offered this", detail),
        NotRedeemable::Expired(_) => conflict("reward-expired", "The reward has expired", detail),
        NotRedeemable::NotYet(_) => conflict("reward-not-yet", "The reward is not valid yet", detail),
        NotRedeemable::StepClosed => conflict("reward-not-earned", "The reward is not earned yet", detail),
        NotRedeemable::Used => conflict("reward-used", "The reward was used", detail),
    }
}

/// By what others have done, or the order.
pub(crate) fn refused(error: RedeemError) -> Problem {
    let not = match error {
        RedeemError::Not(not) => not,
        RedeemError::Refused(refusal) => return refusal.into(),
        RedeemError::Store(error) => return error.into(),
    };
    let detail = not.to_string();
    match not {
        NotRedeemed::Unknown => unknown(),
        NotRedeemed::Used => conflict("reward-used", "The reward was used", detail),
        NotRedeemed::ReservedElsewhere(_) => conflict("reward-reserved", "The reward is reserved elsewhere", detail),
        NotRedeemed::OnePerOrder { .. } => conflict("one-reward-per-order", "The order has another reward", detail),
        NotRedeemed::OrderFull { .. } => conflict("order-full", "The order has too many rewards", detail),
        NotRedeemed::OrderCancelled(_) => conflict("order-cancelled", "The order is cancelled", detail),
        NotRedeemed::Exhausted(_) => conflict("budget-exhausted", "The budget is spent", detail),
        NotRedeemed::AttemptOpen { .. } => conflict("attempt-open", "The attempt before it has not ended", detail),
        NotRedeemed::Settled(_) => conflict("redemption-settled", "The redemption has ended", detail),
    }
}
