//! Campaigns: numbers name immutable terms, a series keeps its name and state over corrections, and the register and the blocks
//! of terms tell the same (law 13).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use ledger::CampaignState::{Ended, Open, Paused};
use ledger::{CampaignError, CampaignState, Campaigns, Ledger, LedgerError, Series, Shop, Status};
use playbook::{OwnCampaign, Playbook};
use serde_json::{Value, json};

use crate::{World, order, secrets};

/// Where a playbook's time-limited code stands.
const CODE: &str = "r2f3m1/time_limited_code";

fn own(series: &str, percent: u8) -> OwnCampaign {
    let said = json!({ "en": "Spring.", "ru": "Весна." });
    let idea = json!({ "code": series, "mechanic": "code", "place": "both", "calendar": { "slots": { "every": 30, "open": 30 } },
        "reward": { "discount": percent }, "validity": 30, "show": 3, "text": said, "say": said, "why": said });
    serde_json::from_value(json!({ "series": series, "idea": idea })).unwrap()
}

fn changed(changes: Value) -> Playbook {
    Playbook::overridden(&changes).unwrap()
}

fn code_of(percent: u8) -> Playbook {
    changed(json!({ "idea": { "time_limited_code": { "reward": { "discount": percent } } } }))
}

impl World {
    /// A reader in another process, which looks at the pointers each time.
    fn reader(&self) -> Ledger {
        Ledger::with_cache(self.ledger.client().clone(), self.ledger.tables().clone(), secrets(), Duration::ZERO)
    }

    async fn seen(&self) -> Arc<Shop> {
        self.reader().shop(&self.shop.id).await.unwrap().unwrap()
    }

    async fn put(&self, playbook: &Playbook) {
        let shop = self.ledger.fresh_shop(&self.shop.id).await.unwrap().unwrap();
        self.ledger.publish_playbook(&shop, playbook, self.today()).await.unwrap();
    }

    async fn at(&self, series: &str) -> (u16, CampaignState) {
        let Series { number, state } = self.seen().await.campaigns.series[series];
        (number, state)
    }

    async fn publish_own(&self, campaign: &OwnCampaign) -> (Status, u16) {
        let receipt = self.ledger.publish_campaign(&self.shop, campaign).await.unwrap();
        assert_eq!(receipt.series, campaign.series);
        (receipt.status, receipt.at.number)
    }

    async fn set(&self, number: u16, state: CampaignState) -> Result<Status, CampaignError> {
        self.ledger.set_campaign_state(&self.shop.id, number, state).await.map(|receipt| receipt.status)
    }

    /// The register as it lies in the store.
    async fn stored_register(&self) -> std::collections::HashMap<String, AttributeValue> {
        let get = self.ledger.client().get_item().table_name(&self.ledger.tables().shops).consistent_read(true);
        let get = get.key("pk", AttributeValue::S("acme".into())).key("sk", AttributeValue::S("campaigns".into()));
        get.send().await.unwrap().item.unwrap()
    }

    /// Every number up to the last one has terms in a series of the register, and each series is on its highest number.
    async fn numbers_and_terms_agree(&self) {
        let (reader, campaigns) = (self.reader(), Arc::clone(&self.seen().await.campaigns));
        let mut highest: BTreeMap<String, u16> = BTreeMap::new();
        for number in 1..u16::try_from(campaigns.next).unwrap() {
            let terms = reader.terms(&self.shop.id, number).await.unwrap().unwrap();
            assert_eq!(terms.number, number);
            highest.insert(terms.series.clone(), number);
        }
        let in_force = campaigns.series.iter().map(|(series, at)| (series.clone(), at.number)).collect();
        assert_eq!(highest, in_force);
        assert_eq!(reader.terms(&self.shop.id, 0).await.unwrap(), None);
        let next = u16::try_from(campaigns.next).unwrap();
        assert_eq!(reader.terms(&self.shop.id, next).await.unwrap(), None);
        let own: BTreeSet<&String> = campaigns.series.keys().filter(|series| Campaigns::is_own(series)).collect();
        assert_eq!(campaigns.own.keys().collect::<BTreeSet<_>>(), own);
    }
}

/// Bytes of an attribute, as DynamoDB counts them.
fn bytes(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(digits) => digits.len() / 2 + 2,
        AttributeValue::M(map) => 3 + map.iter().map(|(name, value)| 1 + name.len() + bytes(value)).sum::<usize>(),
        other => panic!("{other:?} in a register"),
    }
}

#[tokio::test]
async fn a_new_shop_is_pinned_to_the_built_in_playbook_and_each_of_its_rewards_has_a_number() {
    let world = World::new().await;
    let builtin = Playbook::builtin();
    assert_eq!(world.shop.current.playbook.as_deref(), Some(builtin.version()));
    let record = world.ledger.playbook_record(&world.shop.id, builtin.version()).await.unwrap().unwrap();
    assert_eq!(record.source, builtin.source_json().to_string());
    let campaigns = &world.shop.campaigns;
    assert_eq!(campaigns.series.len(), builtin.rewarded().count());
    for (nth, (entry, idea)) in builtin.rewarded().enumerate() {
        let at = campaigns.series[&Playbook::series(entry, idea)];
        assert_eq!((usize::from(at.number), at.state), (nth + 1, Open));
        let terms = world.ledger.terms(&world.shop.id, at.number).await.unwrap().unwrap();
        assert_eq!((&terms.idea, terms.limit, terms.playbook.as_str()), (idea, Some(entry.limit), builtin.version()));
    }
    world.numbers_and_terms_agree().await;
    let register = AttributeValue::M(world.stored_register().await);
    assert!(bytes(&register) < 16 * 1024, "the register has {} bytes", bytes(&register));
}

#[tokio::test]
async fn a_published_playbook_numbers_what_changed_and_nothing_else() {
    let world = World::new().await;
    let before = world.seen().await;
    let (old, _) = world.at(CODE).await;
    world.put(&code_of(4)).await;
    let after = world.seen().await;
    let moved: Vec<&str> = after
        .campaigns
        .series
        .iter()
        .filter(|(series, at)| before.campaigns.series[*series] != **at)
        .map(|(series, _)| series.as_str())
        .collect();
    assert!(moved.contains(&CODE) && moved.iter().all(|series| series.ends_with("/time_limited_code")), "{moved:?}");
    assert_eq!(after.campaigns.version, before.campaigns.version + 1);
    let (new, state) = world.at(CODE).await;
    assert!(u32::from(new) >= before.campaigns.next && state == Open);
    let percent = async |number| {
        // A process that starts now has to find the block and its playbook by itself.
        let terms = world.reader().terms(&world.shop.id, number).await.unwrap().unwrap();
        (terms.series.clone(), terms.idea.reward.clone())
    };
    assert_eq!(percent(old).await, (CODE.to_owned(), Some(playbook::reward::Reward::Discount(5))));
    assert_eq!(percent(new).await, (CODE.to_owned(), Some(playbook::reward::Reward::Discount(4))));
    world.numbers_and_terms_agree().await;

    // A limit is among the terms; a goal is not.
    world
        .put(&changed(json!({ "idea": { "time_limited_code": { "reward": { "discount": 4 } } },
        "segment": { "r2f3m1": { "limit": { "percent": 3 } }, "r2f3m2": { "goal": { "en": "G.", "ru": "Ц." } } } })))
        .await;
    let limited = world.seen().await;
    let moved = limited.campaigns.series.iter().filter(|(series, at)| after.campaigns.series[*series] != **at);
    assert!(moved.map(|(series, _)| series).all(|series| series.starts_with("r2f3m1/")));
    assert_ne!(world.at(CODE).await, (new, Open));
    world.numbers_and_terms_agree().await;
    let version = limited.campaigns.version;
    world.put(&limited.playbook).await;
    assert_eq!(world.seen().await.campaigns.version, version, "the same again writes nothing");
}

#[tokio::test]
async fn a_series_that_left_the_playbook_ends_and_opens_when_it_comes_back() {
    let world = World::new().await;
    let (number, _) = world.at(CODE).await;
    let entry = Playbook::builtin().entry("r2f3m1".parse().unwrap());
    let others: Vec<&str> =
        entry.ideas.iter().map(|idea| idea.code.as_str()).filter(|code| *code != "time_limited_code").collect();
    world.put(&changed(json!({ "segment": { "r2f3m1": { "ideas": others } } }))).await;
    assert_eq!(world.at(CODE).await, (number, Ended));
    world.put(Playbook::builtin()).await;
    assert_eq!(world.at(CODE).await, (number, Open), "on the same terms as before");
    world.numbers_and_terms_agree().await;
}

#[tokio::test]
async fn what_staff_paused_or_ended_stays_so_until_its_terms_change() {
    let world = World::new().await;
    let (code, _) = world.at(CODE).await;
    let (bundles, _) = world.at("r2f3m2/bundles").await;
    assert_eq!(world.set(code, Paused).await.unwrap(), Status::Recorded);
    assert_eq!(world.set(bundles, Ended).await.unwrap(), Status::Recorded);
    world.put(&changed(json!({ "segment": { "r2f3m2": { "goal": { "en": "G.", "ru": "Ц." } } } }))).await;
    assert_eq!((world.at(CODE).await, world.at("r2f3m2/bundles").await), ((code, Paused), (bundles, Ended)));
    world.put(&code_of(4)).await;
    let (corrected, state) = world.at(CODE).await;
    assert!(corrected > code && state == Open, "its correction opens");
    assert_eq!(world.at("r2f3m2/bundles").await, (bundles, Ended));
}

#[tokio::test]
async fn an_own_campaign_gets_the_next_number_and_its_correction_the_one_after() {
    let world = World::new().await;
    let first = u16::try_from(world.shop.campaigns.next).unwrap();
    assert_eq!(world.publish_own(&own("spring_sale", 50)).await, (Status::Recorded, first));
    let version = world.seen().await.campaigns.version;
    assert_eq!(world.publish_own(&own("spring_sale", 50)).await, (Status::Duplicate, first));
    assert_eq!(world.seen().await.campaigns.version, version);
    assert_eq!(world.seen().await.campaigns.own["spring_sale"], own("spring_sale", 50));

    world.set(first, Paused).await.unwrap();
    assert_eq!(world.at("spring_sale").await, (first, Paused));
    assert_eq!(world.publish_own(&own("spring_sale", 50)).await, (Status::Duplicate, first));
    assert_eq!(world.at("spring_sale").await, (first, Paused), "the same terms again open nothing");
    assert_eq!(world.publish_own(&own("spring_sale", 5)).await, (Status::Recorded, first + 1));
    assert_eq!(world.at("spring_sale").await, (first + 1, Open));
    assert_eq!(world.seen().await.campaigns.own["spring_sale"], own("spring_sale", 5));
    let reader = world.reader();
    let reward = async |number| reader.terms(&world.shop.id, number).await.unwrap().unwrap().idea.reward.clone();
    assert_eq!(reward(first).await, own("", 50).idea.reward);
    assert_eq!(reward(first + 1).await, own("", 5).idea.reward);
    assert_eq!(*reader.own_campaign(&world.shop.id, first).await.unwrap().unwrap(), own("spring_sale", 50));

    world.set(first + 1, Ended).await.unwrap();
    assert_eq!(world.publish_own(&own("spring_sale", 5)).await, (Status::Recorded, first + 2), "published anew");
    assert_eq!(world.at("spring_sale").await, (first + 2, Open));
    // A playbook has nothing to say about it.
    world.put(&code_of(4)).await;
    assert_eq!(world.at("spring_sale").await, (first + 2, Open));
    world.numbers_and_terms_agree().await;
}

#[tokio::test]
async fn a_state_is_set_for_the_number_in_force_and_an_end_is_for_good() {
    let world = World::new().await;
    let (_, first) = world.publish_own(&own("spring_sale", 50)).await;
    let (_, second) = world.publish_own(&own("spring_sale", 5)).await;
    let refused = world.set(first, Open).await.unwrap_err();
    assert!(matches!(refused, CampaignError::NotInForce { in_force, .. } if in_force == second), "{refused}");
    // What the first one gave out is good until it is stopped, and never better than its series.
    let open = async |number| world.seen().await.campaigns.is_open("spring_sale", number);
    assert!(open(first).await && open(second).await);
    for status in [Status::Recorded, Status::Duplicate] {
        assert_eq!(world.set(first, Paused).await.unwrap(), status);
        assert!(!open(first).await && open(second).await);
    }
    assert!(matches!(world.set(second + 1, Paused).await, Err(CampaignError::Unknown(_))));
    assert!(matches!(world.set(0, Paused).await, Err(CampaignError::Unknown(0))));
    for (state, status) in [
        (Open, Status::Duplicate),
        (Paused, Status::Recorded),
        (Paused, Status::Duplicate),
        (Open, Status::Recorded),
        (Ended, Status::Recorded),
        (Ended, Status::Duplicate),
    ] {
        let version = world.seen().await.campaigns.version;
        assert_eq!(world.set(second, state).await.unwrap(), status);
        assert_eq!(world.at("spring_sale").await, (second, state));
        let written = u64::from(status == Status::Recorded);
        assert_eq!(world.seen().await.campaigns.version, version + written);
    }
    for state in [Open, Paused] {
        assert!(matches!(world.set(second, state).await, Err(CampaignError::Ended(series)) if series == "spring_sale"));
    }
    assert_eq!(world.at("spring_sale").await, (second, Ended));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn publishers_at_the_same_time_get_numbers_of_their_own() {
    let world = World::new().await;
    let first = world.shop.campaigns.next;
    let mut publishers = tokio::task::JoinSet::new();
    for nth in 0..8 {
        let (ledger, shop) = (world.reader(), Arc::clone(&world.shop));
        publishers.spawn(async move {
            let receipt = ledger.publish_campaign(&shop, &own(&format!("sale_{nth}"), 10)).await.unwrap();
            receipt.at.number
        });
    }
    let (ledger, shop, today) = (world.reader(), Arc::clone(&world.shop), world.today());
    let playbook = tokio::spawn(async move { ledger.publish_playbook(&shop, &code_of(4), today).await });
    let numbers: BTreeSet<u16> = publishers.join_all().await.into_iter().collect();
    playbook.await.unwrap().unwrap();
    assert_eq!(numbers.len(), 8);
    assert_eq!(world.seen().await.playbook.version(), code_of(4).version());
    let codes = Playbook::builtin().rewarded().filter(|(_, idea)| idea.code == "time_limited_code").count();
    assert_eq!(world.seen().await.campaigns.next, first + 8 + u32::try_from(codes).unwrap(), "no number is lost");
    world.numbers_and_terms_agree().await;
}

#[tokio::test]
async fn of_two_playbooks_in_place_of_the_same_one_the_second_is_refused_and_takes_no_number() {
    let world = World::new().await;
    world.ledger.publish_playbook(&world.shop, &code_of(4), world.today()).await.unwrap();
    let next = world.seen().await.campaigns.next;
    let late = world.reader().publish_playbook(&world.shop, &code_of(3), world.today()).await;
    assert!(matches!(late, Err(CampaignError::Store(LedgerError::Changed("playbook")))), "{late:?}");
    assert_eq!(world.seen().await.campaigns.next, next);
    world.numbers_and_terms_agree().await;
}

#[tokio::test]
async fn a_campaign_that_cannot_be_read_keeps_no_order_out() {
    let world = World::new().await;
    let (_, damaged) = world.publish_own(&own("spring_sale", 5)).await;
    world.publish_own(&own("autumn_sale", 5)).await;
    let update = world.ledger.client().update_item().table_name(&world.ledger.tables().shops);
    let update = update.key("pk", AttributeValue::S("acme".into()));
    let update = update.key("sk", AttributeValue::S(format!("terms#{damaged:05}")));
    let update =
        update.update_expression("SET own = :own").expression_attribute_values(":own", AttributeValue::S("{".into()));
    update.send().await.unwrap();
    let reader = world.reader();
    let shop = reader.shop(&world.shop.id).await.unwrap().unwrap();
    assert_eq!(shop.campaigns.own.keys().collect::<Vec<_>>(), ["autumn_sale"]);
    assert!(shop.campaigns.series.contains_key("spring_sale"));
    assert!(matches!(reader.terms(&shop.id, damaged).await, Err(LedgerError::Damaged(_))));
    let recorded = reader.record_orders(&shop, world.today(), vec![order("A-1", "ann", "2026-11-01", 100)]).await;
    assert!(recorded[0].is_ok());
    // And it can be mended.
    let mended = reader.publish_campaign(&shop, &own("spring_sale", 5)).await.unwrap();
    assert_eq!((mended.status, mended.at.state), (Status::Recorded, Open));
}

#[tokio::test]
async fn a_shop_without_a_register_is_read_and_gets_one_with_its_next_playbook() {
    let world = World::new().await;
    let client = world.ledger.client();
    let key = |sk: &str| [("pk", "acme"), ("sk", sk)].map(|(name, of)| (name.to_owned(), AttributeValue::S(of.into())));
    for sk in ["campaigns", "terms#00001", &format!("playbook#{}", Playbook::builtin().version())] {
        client
            .delete_item()
            .table_name(&world.ledger.tables().shops)
            .set_key(Some(key(sk).into()))
            .send()
            .await
            .unwrap();
    }
    let update = client.update_item().table_name(&world.ledger.tables().shops).set_key(Some(key("current").into()));
    update.update_expression("REMOVE playbook, campaigns").send().await.unwrap();
    let shop = world.seen().await;
    assert_eq!((&*shop.campaigns, shop.playbook.version()), (&Campaigns::default(), Playbook::builtin().version()));
    let reader = world.reader();
    assert_eq!(reader.terms(&shop.id, 1).await.unwrap(), None);
    let early = reader.publish_campaign(&shop, &own("spring_sale", 5)).await.unwrap();
    assert_eq!(early.at.number, 1);
    let shop = world.seen().await;
    reader.publish_playbook(&shop, Playbook::builtin(), world.today()).await.unwrap();
    assert_eq!(world.at(CODE).await.1, Open);
    assert_eq!(world.at("spring_sale").await, (1, Open));
    world.numbers_and_terms_agree().await;
}

#[tokio::test]
async fn numbers_and_series_end_with_a_clear_refusal() {
    let world = World::new().await;
    let change = async |name: &str, value: AttributeValue| {
        let mut register = world.stored_register().await;
        register.insert(name.to_owned(), value);
        world
            .ledger
            .client()
            .put_item()
            .table_name(&world.ledger.tables().shops)
            .set_item(Some(register))
            .send()
            .await
            .unwrap();
    };
    change("next", AttributeValue::N("65535".into())).await;
    assert_eq!(world.publish_own(&own("the_last", 5)).await, (Status::Recorded, 65_535));
    let refused = world.ledger.publish_campaign(&world.shop, &own("one_more", 5)).await;
    assert!(matches!(refused, Err(CampaignError::NumbersRunOut)));
    let shop = world.seen().await;
    let refused = world.ledger.publish_playbook(&shop, &code_of(4), world.today()).await;
    assert!(matches!(refused, Err(CampaignError::NumbersRunOut)));
    assert_eq!(world.seen().await.playbook.version(), Playbook::builtin().version(), "nothing was written");
    assert_eq!(world.at("the_last").await, (65_535, Open));

    let at = AttributeValue::M(
        [("n".to_owned(), AttributeValue::N("1".into())), ("s".to_owned(), AttributeValue::S("open".into()))].into(),
    );
    let full = (0..1_000).map(|nth| (format!("sale_{nth}"), at.clone())).collect();
    change("series", AttributeValue::M(full)).await;
    change("next", AttributeValue::N("2000".into())).await;
    let refused = world.ledger.publish_campaign(&world.shop, &own("one_more", 5)).await;
    assert!(matches!(refused, Err(CampaignError::TooManyOwn)));
    assert_eq!(world.publish_own(&own("sale_7", 5)).await, (Status::Recorded, 2_000), "a known series goes on");
}
