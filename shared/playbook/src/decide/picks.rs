//! Products for an offer, out of the candidates: never what is out of stock or already in the cart, and none twice in an answer.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use segmentation::{Day, Minor};

use crate::decide::candidate::Candidate;
use crate::decide::inputs::Inputs;
use crate::mechanic::Band;
use crate::why::Withheld;

/// A brand last bought this many days ago has been left behind; longer ago than the second, its purchases are forgotten.
pub const LEFT_BEHIND: std::ops::RangeInclusive<i64> = 365..=730;
/// The middle half of what was paid is stretched by this at its edges: who pays 10 to 20 also looks at 30.
const PRICE_NEIGHBOURHOOD: (i64, i64) = (2, 3);

/// How good a product is for an offer; of two the one with the greater first number that differs. Of one type for all mechanics, so
/// that all are sorted by the same code, of which a component at the edge has little room for more.
type Rank = [i64; 3];

/// Products, at least one, or why there is none.
type Picked<'a> = Result<Vec<&'a Candidate>, Withheld>;

pub(super) struct Picks<'a> {
    inputs: &'a Inputs,
    available: Vec<&'a Candidate>,
    shown: BTreeSet<&'a str>,
    /// The series that products are picked for.
    series: String,
}

impl<'a> Picks<'a> {
    pub(super) fn new(inputs: &'a Inputs) -> Picks<'a> {
        Picks::outside(inputs, |id| inputs.cart.as_ref().is_some_and(|cart| cart.products.contains(id)))
    }

    /// For a reward that is used: what it is on lies in the cart.
    pub(super) fn to_use(inputs: &'a Inputs) -> Picks<'a> {
        Picks::outside(inputs, |_| false)
    }

    fn outside(inputs: &'a Inputs, in_cart: impl Fn(&str) -> bool) -> Picks<'a> {
        let out = inputs.products.iter().filter(|product| !product.in_stock).map(|product| product.id.as_str());
        let out: BTreeSet<&str> = out.collect();
        let can_be_had = |id: &str| !out.contains(id) && !in_cart(id);
        // A set is out of stock with any of its parts, and in the cart with any of them too.
        let whole = |product: &&Candidate| product.parts.iter().all(|part| can_be_had(part));
        let available = inputs.products.iter().filter(|product| can_be_had(&product.id)).filter(whole).collect();
        Picks { inputs, available, shown: BTreeSet::new(), series: String::new() }
    }

    /// From now on products are picked for an offer of this series.
    pub(super) fn turn_to(&mut self, series: &str) {
        series.clone_into(&mut self.series);
    }

    /// What an offer shows is not shown again by a later one.
    pub(super) fn shown(&mut self, products: &[&'a Candidate]) {
        self.shown.extend(products.iter().map(|product| product.id.as_str()));
    }

    /// The best of those that fit, best first; ties go to what is most popular, then by id. None: because there is none, or
    /// because all of them are out of stock.
    fn best(&self, count: u8, fits: &dyn Fn(&Candidate) -> bool, rank: &dyn Fn(&Candidate) -> Rank) -> Picked<'a> {
        let fresh = |product: &&&Candidate| {
            let meant = product.only_for.is_empty() || product.only_for.contains(&self.series);
            meant && !self.shown.contains(product.id.as_str())
        };
        let mut fitting: Vec<&Candidate> =
            self.available.iter().filter(fresh).filter(|product| fits(product)).copied().collect();
        fitting.sort_by_cached_key(|product| (Reverse(rank(product)), Reverse(product.popular), product.id.clone()));
        fitting.truncate(usize::from(count));
        let sold_out = || self.inputs.products.iter().any(|product| !product.in_stock && fits(product));
        match fitting.is_empty() {
            false => Ok(fitting),
            true if sold_out() => Err(Withheld::OutOfStock),
            true => Err(Withheld::NothingToShow),
        }
    }

    /// Cart first, then taste.
    fn liking(product: &Candidate) -> Rank {
        [product.cart.into(), product.taste.into(), 0]
    }

    fn speaks_for(product: &Candidate) -> bool {
        product.bought.is_none() && (product.cart > 0 || product.taste > 0)
    }

    pub(super) fn complements(&self, count: u8) -> Picked<'a> {
        self.best(count, &Picks::is_complement, &Picks::liking)
    }

    fn is_complement(product: &Candidate) -> bool {
        let known = product.goes_with.is_some() && product.category.is_some();
        let other = known && product.goes_with != product.category;
        product.bought.is_none() && other && product.parts.is_empty()
    }

    pub(super) fn look_alikes(&self, count: u8) -> Picked<'a> {
        let fits = |product: &Candidate| {
            let same = product.goes_with.is_none() || product.goes_with == product.category;
            Picks::speaks_for(product) && same && product.category_bought.is_some() && self.in_own_band(product)
        };
        self.best(count, &fits, &Picks::liking)
    }

    pub(super) fn unfamiliar(&self, count: u8) -> Picked<'a> {
        let favourite = |product: &Candidate| self.is_favourite(product) && product.bought.is_none();
        self.best(count, &favourite, &|product| {
            [
                (product.brand.is_some() && product.brand_bought.is_none()).into(),
                product.cart.into(),
                product.taste.into(),
            ]
        })
    }

    pub(super) fn new_brands(&self, count: u8) -> Picked<'a> {
        let left = |day: Day| LEFT_BEHIND.contains(&self.inputs.day.since(day));
        let fits = |product: &Candidate| {
            let unused = product.brand.is_some() && product.brand_bought.is_none_or(left);
            unused && product.bought.is_none_or(left) && self.is_favourite(product)
        };
        self.best(count, &fits, &Picks::liking)
    }

    pub(super) fn history(&self, count: u8) -> Picked<'a> {
        self.best(count, &Picks::speaks_for, &Picks::liking)
    }

    pub(super) fn neighbour_category(&self, count: u8) -> Picked<'a> {
        let fits = |product: &Candidate| {
            product.category.is_some() && product.category_bought.is_none() && product.goes_with.is_some()
        };
        let first = self.best(1, &fits, &Picks::liking)?;
        let category = first.first().and_then(|product| product.category.as_ref());
        self.best(count, &|product| fits(product) && product.category.as_ref() == category, &Picks::liking)
    }

    /// The product that runs out in the slot that began on `first`, and the others due by now.
    pub(super) fn running_out(&self, count: u8, first: Day) -> Picked<'a> {
        let due =
            |product: &Candidate| product.runs_out.is_some_and(|out| out.from >= first && out.from <= self.inputs.day);
        self.best(count, &due, &|product| {
            [product.runs_out.map_or(i64::MIN, |out| -i64::from(out.from.epoch_days())), 0, 0]
        })
    }

    pub(super) fn marked_down(&self, count: u8) -> Picked<'a> {
        let fits = |product: &Candidate| product.markdown() > 0;
        self.best(count, &fits, &|product| [product.cart.into(), product.taste.into(), product.markdown().into()])
    }

    pub(super) fn past_season(&self, count: u8) -> Picked<'a> {
        // A shop that does not say which season is on has no past ones.
        let season = self.inputs.settings.season.as_ref();
        let past = |product: &Candidate| {
            product.markdown() > 0 && product.season.as_ref().zip(season).is_some_and(|(its, now)| its != now)
        };
        self.best(count, &past, &|product| [product.markdown().into(), product.cart.into(), product.taste.into()])
    }

    pub(super) fn best_of_month(&self, count: u8, band: Band) -> Picked<'a> {
        let fits = |product: &Candidate| match (band, product.price) {
            (_, None) => false,
            (Band::Own, Some(_)) => self.inputs.customer.price_band.is_some() && self.in_own_band(product),
            (Band::Low, Some(price)) => self.inputs.low_band.is_some_and(|edge| price <= edge),
        };
        self.best(count, &fits, &|product| {
            [(product.popular > 0).into(), self.is_favourite(product).into(), product.popular.into()]
        })
    }

    pub(super) fn bestsellers(&self, count: u8) -> Picked<'a> {
        self.best(count, &|product| product.popular > 0, &|product| [product.cart.into(), product.popular.into(), 0])
    }

    /// A set of the shop, of which something speaks to the customer; else one made of a product they know and its complement.
    pub(super) fn bundle(&self, count: u8) -> Picked<'a> {
        let sets = self.best(1, &Picks::is_liked_set, &Picks::liking);
        if sets.is_ok() {
            return sets;
        }
        let mut why = Withheld::NothingToShow;
        for complement in self.complements(u8::MAX)? {
            let model = |product: &Candidate| Picks::is_model(product, complement);
            match self.best(1, &model, &|product| {
                let bought = product.bought.map_or(-1, |day| i64::from(day.epoch_days()));
                [product.cart.into(), bought, product.taste.into()]
            }) {
                Ok(known) => {
                    return Ok(known.into_iter().chain([complement]).take(usize::from(count.max(2))).collect());
                }
                Err(none) => why = none,
            }
        }
        Err(why)
    }

    fn is_liked_set(product: &Candidate) -> bool {
        let liked = product.taste > 0 || product.cart > 0 || product.category_bought.is_some();
        !product.parts.is_empty() && liked
    }

    /// May the complement be sold with it?
    fn is_model(product: &Candidate, complement: &Candidate) -> bool {
        product.category == complement.goes_with && product.id != complement.id && product.parts.is_empty()
    }

    /// Ids of all products that a set could be made of or is.
    pub(super) fn of_bundles(&self) -> Vec<String> {
        let products = &self.inputs.products;
        let complements: Vec<&Candidate> = products.iter().filter(|product| Picks::is_complement(product)).collect();
        let goes = |product: &Candidate| {
            Picks::is_liked_set(product)
                || Picks::is_complement(product)
                || complements.iter().any(|complement| Picks::is_model(product, complement))
        };
        products.iter().filter(|product| goes(product)).map(|product| product.id.clone()).collect()
    }

    /// Ids of all products that the history speaks for.
    pub(super) fn of_selections(&self) -> Vec<String> {
        let products = self.inputs.products.iter().filter(|product| Picks::speaks_for(product));
        products.map(|product| product.id.clone()).collect()
    }

    fn is_favourite(&self, product: &Candidate) -> bool {
        let name = product.category.as_deref();
        name.is_some() && self.inputs.customer.categories.iter().any(|favourite| Some(favourite.name.as_str()) == name)
    }

    /// A product without a price, or a customer without a band, is not kept out by price.
    fn in_own_band(&self, product: &Candidate) -> bool {
        let (Some(Minor(price)), Some((Minor(low), Minor(high)))) = (product.price, self.inputs.customer.price_band)
        else {
            return true;
        };
        let (part, whole) = PRICE_NEIGHBOURHOOD;
        price.saturating_mul(whole) >= low.saturating_mul(part)
            && price.saturating_mul(part) <= high.saturating_mul(whole)
    }
}
