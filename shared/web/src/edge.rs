//! What origin and edge both read a token with: a shop's terms, and when its days begin.

use std::sync::Arc;

use chrono::{DateTime, Offset as _, TimeZone};
use chrono_tz::Tz;
use ledger::{CampaignState, Shop};
use playbook::OwnCampaign;
use playbook::decide::MoneyWords;
use snapshot::{Offset, Terms};

use crate::inputs::{money, own_campaigns};

/// A shop's terms as they stand.
#[derive(Clone, Debug)]
pub struct EdgeTerms {
    shop: Arc<Shop>,
    money: MoneyWords,
    campaigns: Vec<OwnCampaign>,
}

impl EdgeTerms {
    /// Of a shop.
    #[must_use]
    pub fn of(shop: &Arc<Shop>) -> EdgeTerms {
        let campaigns = own_campaigns(shop).cloned().collect();
        EdgeTerms { money: money(shop), campaigns, shop: Arc::clone(shop) }
    }

    /// For reading a token.
    #[must_use]
    pub fn terms(&self) -> Terms<'_> {
        let settings = &self.shop.settings.changeable;
        Terms {
            playbook: &self.shop.playbook,
            groups: &settings.groups,
            settings: &settings.offers,
            money: &self.money,
            campaigns: &self.campaigns,
        }
    }

    /// Series of the shop's own campaigns that are paused.
    pub fn paused(&self) -> impl Iterator<Item = &str> {
        let state = |own: &OwnCampaign| self.shop.campaigns.series.get(&own.series).map(|at| at.state);
        let paused = self.campaigns.iter().filter(move |own| state(own) != Some(CampaignState::Open));
        paused.map(|own| own.series.as_str())
    }
}

/// By how much a zone's days begin after those of UTC from one moment to another, in seconds since 1970: the first entry holds from
/// the beginning, each further one from a change of the clocks on.
#[must_use]
pub fn offsets(zone: Tz, from: i64, until: i64) -> Vec<Offset> {
    const HOUR: i64 = 3_600;
    let east = |at: i64| {
        let moment = DateTime::from_timestamp(at, 0).unwrap_or_default();
        zone.offset_from_utc_datetime(&moment.naive_utc()).fix().local_minus_utc()
    };
    let mut offsets = vec![Offset { from, seconds: east(from) }];
    let (mut known, mut at) = (east(from), from);
    while at < until {
        // No zone changes twice within an hour.
        let next = (at + HOUR).min(until);
        let seconds = east(next);
        if seconds != known {
            let (mut before, mut after) = (at, next);
            while after - before > 1 {
                let middle = before + (after - before) / 2;
                if east(middle) == known { before = middle } else { after = middle }
            }
            offsets.push(Offset { from: after, seconds });
            known = seconds;
        }
        at = next;
    }
    offsets
}

#[cfg(test)]
mod tests {
    use ledger::shop_day;
    use snapshot::day_of;

    use super::*;

    #[test]
    fn days_by_offsets_are_the_zones_own_days() {
        let begin = 1_767_225_600; // 2026-01-01
        for zone in [Tz::UTC, Tz::Europe__Berlin, Tz::Australia__Lord_Howe, Tz::America__New_York, Tz::Asia__Kathmandu]
        {
            let offsets = offsets(zone, begin, begin + 366 * 86_400);
            for at in (begin..begin + 366 * 86_400).step_by(1_800) {
                let moment = DateTime::from_timestamp(at, 0).unwrap();
                assert_eq!(day_of(&offsets, at), shop_day(moment, zone), "{zone} at {moment}");
            }
        }
        let berlin = offsets(Tz::Europe__Berlin, begin, begin + 366 * 86_400);
        let changes: Vec<(i64, i32)> = berlin.iter().map(|offset| (offset.from, offset.seconds)).collect();
        assert_eq!(changes, [(begin, 3_600), (1_774_746_000, 7_200), (1_792_890_000, 3_600)]);
    }
}
