//! The command line.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use ledger::ShopId;
use segmentation::fit::TypedCuts;
use segmentation::{Day, FitPolicy, Segment, Window, ZeroOrders};

use crate::cuts_cli::CutsCommand;
use crate::keys_cli::KeysCommand;

/// Every customer of a shop in one of 27 RFM segments, and at checkout the offer that fits.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the service at work on a year of a real shop's orders, in memory
    Demo(DemoOptions),
    /// Serve the HTTP API on one machine, on a file that survives
    Serve(ServeOptions),
    /// Make shops
    #[command(subcommand)]
    Shop(ShopCommand),
    /// Make, list, revoke and replace a shop's API keys
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Send a CSV file of orders through the API; safe to repeat
    Import(ImportOptions),
    /// Send a CSV file of products through the API; safe to repeat
    Products(ProductsOptions),
    /// Write a segment's mailing, or its customers, into one file
    Export(ExportOptions),
    /// Run the segmentation of a shop now
    Resegment(ResegmentOptions),
    /// Show a shop's cuts, try others, and activate them
    #[command(subcommand)]
    Cuts(CutsCommand),
    /// Learn now what goes with what from a shop's purchases; the server does it each week
    Learn(LearnOptions),
    /// Segment a CSV file of orders, without a database
    Segment(SegmentOptions),
    /// Show what a playbook would have promised to a CSV file's customers day by day, before it is published
    Simulate(SimulateOptions),
}

#[derive(Debug, Subcommand)]
pub(crate) enum ShopCommand {
    /// Make a shop and print its first keys, once
    Create(CreateOptions),
}

#[derive(Debug, Args)]
pub(crate) struct DemoOptions {
    /// Stop the shop's year at this day
    #[arg(long, value_name = "DATE", default_value = "2011-12-10")]
    pub(crate) as_of: Day,
    /// At the end leave the shop serving on this machine, and print a link into its console, until Ctrl-C
    #[arg(long)]
    pub(crate) serve: bool,
    /// Port to serve on; 0 takes a free one
    #[arg(long, default_value_t = 8787, requires = "serve")]
    pub(crate) port: u16,
}

/// Where the data of this machine lies.
#[derive(Clone, Debug, Args)]
pub(crate) struct DataOptions {
    /// Directory of the data; made if it is not there
    #[arg(long, value_name = "DIR", default_value = "tercile-data", env = "TERCILE_DATA")]
    pub(crate) data: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ServeOptions {
    #[command(flatten)]
    pub(crate) data: DataOptions,
    /// Port to listen on; 0 takes a free one
    #[arg(long, default_value_t = 8787)]
    pub(crate) port: u16,
    /// Address to listen on. There is no TLS here: put a proxy in front before you open it to others
    #[arg(long, default_value = "127.0.0.1")]
    pub(crate) host: IpAddr,
    /// Requests a second that each API key may make, and twice as many at once; one more is answered 429 with Retry-After
    #[arg(long, value_name = "N", default_value = "5000")]
    pub(crate) rate: NonZeroU32,
    /// Requests that may be on their way at once; one more is answered 503 with Retry-After
    #[arg(long, value_name = "N", default_value = "512")]
    pub(crate) at_once: NonZeroU32,
    /// Answer as if it were this day
    #[arg(long, value_name = "DATE")]
    pub(crate) as_of: Option<Day>,
    /// Let shops have their events sent over http, and to this machine and its own network
    #[arg(long)]
    pub(crate) allow_local_receivers: bool,
    /// A store that speaks DynamoDB at this address, such as http://127.0.0.1:8000, instead of the file in the directory, which
    /// then holds the secrets alone. Without TLS: on this machine
    #[arg(long, value_name = "URL")]
    pub(crate) store: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct CreateOptions {
    /// Its name: small letters, digits and `-`
    pub(crate) shop: ShopId,
    /// ISO 4217 currency of every amount, for good
    #[arg(long, value_name = "CODE")]
    pub(crate) currency: String,
    /// IANA time zone in which its days are counted, for good
    #[arg(long, value_name = "ZONE")]
    pub(crate) time_zone: chrono_tz::Tz,
    /// Orders whose total is zero; can be changed later
    #[arg(long, value_enum, default_value_t)]
    pub(crate) zero_orders: Zero,
    #[command(flatten)]
    pub(crate) data: DataOptions,
}

/// A shop's API: on this machine's data, or of a server.
#[derive(Clone, Debug, Args)]
pub(crate) struct ApiOptions {
    /// Which shop
    #[arg(long, value_name = "SHOP")]
    pub(crate) shop: ShopId,
    #[command(flatten)]
    pub(crate) data: DataOptions,
    /// A server's address, such as http://127.0.0.1:8787, instead of this machine's data
    #[arg(long, requires = "key", conflicts_with = "as_of")]
    pub(crate) url: Option<String>,
    /// An admin key of the shop, for --url
    #[arg(long, env = "TERCILE_KEY", hide_env_values = true)]
    pub(crate) key: Option<String>,
    /// Do it as if it were this day; a server has an --as-of of its own
    #[arg(long, value_name = "DATE")]
    pub(crate) as_of: Option<Day>,
}

#[derive(Debug, Args)]
pub(crate) struct ResegmentOptions {
    #[command(flatten)]
    pub(crate) api: ApiOptions,
    /// Fit the cuts anew, whatever the shop's policy
    #[arg(long)]
    pub(crate) refit: bool,
    /// What to print
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Census,
}

#[derive(Debug, Args)]
pub(crate) struct LearnOptions {
    #[command(flatten)]
    pub(crate) api: ApiOptions,
}

/// What `resegment` prints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Census {
    /// A picture for people
    #[default]
    Picture,
    /// The census and the cuts
    Json,
}

/// Which column is what. A row is a line of an order, or a whole order.
#[derive(Clone, Debug, Args)]
pub(crate) struct ColumnOptions {
    /// Column with the customer's id; empty cells are guests
    #[arg(long, value_name = "COLUMN", default_value = "customer_id", help_heading = "Columns")]
    pub(crate) customer_column: String,
    /// Column with the order's id
    #[arg(long, value_name = "COLUMN", default_value = "order_id", help_heading = "Columns")]
    pub(crate) order_column: String,
    /// Column with the time of the order
    #[arg(long, value_name = "COLUMN", default_value = "timestamp", help_heading = "Columns")]
    pub(crate) time_column: String,
    /// Column with the row's amount, such as 12.50
    #[arg(long, value_name = "COLUMN", default_value = "amount", help_heading = "Columns")]
    pub(crate) amount_column: String,
    /// Column with the product's id
    #[arg(long, value_name = "COLUMN", default_value = "product", help_heading = "Columns")]
    pub(crate) product_column: String,
    /// Column with the product's name
    #[arg(long, value_name = "COLUMN", default_value = "name", help_heading = "Columns")]
    pub(crate) name_column: String,
    /// Column with the product's category
    #[arg(long, value_name = "COLUMN", default_value = "category", help_heading = "Columns")]
    pub(crate) category_column: String,
    /// Column with the product's brand
    #[arg(long, value_name = "COLUMN", default_value = "brand", help_heading = "Columns")]
    pub(crate) brand_column: String,
    /// Column with the quantity; below zero the row is a return
    #[arg(long, value_name = "COLUMN", default_value = "qty", help_heading = "Columns")]
    pub(crate) quantity_column: String,
    /// What becomes of rows that give something back
    #[arg(long, value_enum, default_value_t)]
    pub(crate) returns: Returns,
}

/// What becomes of returns.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum Returns {
    /// They lower the customer's earlier orders of the same product
    #[default]
    Net,
    /// They are passed over
    Drop,
}

/// Orders of zero.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum Zero {
    /// They are no purchase
    #[default]
    Ignore,
    /// They count
    Count,
}

#[derive(Debug, Args)]
pub(crate) struct ImportOptions {
    /// The file: with a header, comma-separated
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) api: ApiOptions,
    #[command(flatten)]
    pub(crate) columns: ColumnOptions,
}

#[derive(Debug, Args)]
pub(crate) struct ProductsOptions {
    /// The file: with a header, comma-separated. Columns: id, name, and any of category, brand, price, list_price, season,
    /// stock, margin_percent, parts (ids, with `;` between), image, url. Prices are like 12.50
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) api: ApiOptions,
}

/// How `export` writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// A row per customer, under a header
    #[default]
    Csv,
    /// A JSON document per line
    Ndjson,
}

#[derive(Debug, Args)]
pub(crate) struct ExportOptions {
    /// Which segment, such as r2f3m2
    pub(crate) segment: Segment,
    #[command(flatten)]
    pub(crate) api: ApiOptions,
    /// Which of the playbook's ideas to send; by default each customer's first offer that can be mailed
    #[arg(long, value_name = "IDEA", conflicts_with = "customers")]
    pub(crate) campaign: Option<String>,
    /// In this language for everyone, `en` or `ru`; by default each customer's own
    #[arg(long, value_name = "LANGUAGE", conflicts_with = "customers")]
    pub(crate) lang: Option<String>,
    /// Not a mailing: all customers of the segment, whether or not they may be written to
    #[arg(long)]
    pub(crate) customers: bool,
    /// How to write
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: ExportFormat,
    /// Where to; by default to standard output. The file appears when it is whole
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// What `segment` prints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// A picture for people
    #[default]
    Picture,
    /// A row per customer
    Csv,
    /// The census and the cuts
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct SegmentOptions {
    /// The file: with a header, comma-separated
    pub(crate) file: PathBuf,
    /// What to print
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Output,
    /// Count recency from this day; by default the day after the file's last day
    #[arg(long, value_name = "DATE")]
    pub(crate) as_of: Option<Day>,
    /// IANA time zone of the shop, for timestamps that carry an offset
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    pub(crate) time_zone: chrono_tz::Tz,
    /// Currency of the amounts, for its decimals
    #[arg(long, value_name = "CODE", default_value = "USD")]
    pub(crate) currency: String,
    #[command(flatten)]
    pub(crate) columns: ColumnOptions,
    #[command(flatten)]
    pub(crate) cuts: CutsOptions,
}

/// What `simulate` prints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Simulated {
    /// Tables for people
    #[default]
    Table,
    /// All numbers
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct SimulateOptions {
    /// The file: with a header, comma-separated; `.gz` is read as well
    #[arg(required_unless_present = "demo")]
    pub(crate) file: Option<PathBuf>,
    /// Instead of a file, the demo's orders: a year of a British gift shop
    #[arg(long, conflicts_with = "file")]
    pub(crate) demo: bool,
    /// Changes to the built-in playbook, as PUT /v1/playbook takes them: JSON, or TOML in a file named .toml. Without them the
    /// built-in playbook is simulated
    #[arg(long, value_name = "FILE")]
    pub(crate) playbook: Option<PathBuf>,
    /// A shop's settings, as GET /v1/settings answers them: JSON, or TOML in a file named .toml
    #[arg(long, value_name = "FILE")]
    pub(crate) settings: Option<PathBuf>,
    /// First day; by default as many days before the last one as --days says
    #[arg(long, value_name = "DATE")]
    pub(crate) from: Option<Day>,
    /// Last day; by default the file's last
    #[arg(long, value_name = "DATE")]
    pub(crate) until: Option<Day>,
    /// How many days, up to 366
    #[arg(long, value_name = "N", default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..=366), conflicts_with = "from")]
    pub(crate) days: u16,
    /// Count nobody as having agreed to mailings; by default everyone is, as a file does not say who did
    #[arg(long)]
    pub(crate) no_mailings: bool,
    /// What to print
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Simulated,
    /// IANA time zone of the shop, for timestamps that carry an offset
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    pub(crate) time_zone: chrono_tz::Tz,
    /// Currency of the amounts, for its decimals
    #[arg(long, value_name = "CODE", default_value = "USD")]
    pub(crate) currency: String,
    #[command(flatten)]
    pub(crate) columns: ColumnOptions,
}

/// How cuts are made.
#[derive(Debug, Args)]
pub(crate) struct CutsOptions {
    /// Orders whose total is zero
    #[arg(long, value_enum, default_value_t, help_heading = "Cuts")]
    pub(crate) zero_orders: Zero,
    /// Only orders of the last DAYS count for frequency and money
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Cuts")]
    pub(crate) window: Option<u32>,
    /// Fix recency's cuts, in days: 30,90 means up to 30 scores 3, up to 90 scores 2
    #[arg(long, value_name = "C1,C2", value_parser = typed_cuts, help_heading = "Cuts")]
    pub(crate) recency: Option<TypedCuts>,
    /// Fix frequency's cuts, in orders: 1,4 means up to 1 scores 1, up to 4 scores 2
    #[arg(long, value_name = "C1,C2", value_parser = typed_cuts, help_heading = "Cuts")]
    pub(crate) frequency: Option<TypedCuts>,
    /// Fix monetary's cuts, in minor units
    #[arg(long, value_name = "C1,C2", value_parser = typed_cuts, help_heading = "Cuts")]
    pub(crate) monetary: Option<TypedCuts>,
    /// Below this many customers the fallback cuts apply
    #[arg(long, value_name = "N", default_value_t = FitPolicy::default().min_customers, help_heading = "Cuts")]
    pub(crate) min_customers: u64,
}

impl From<Zero> for ZeroOrders {
    fn from(zero: Zero) -> ZeroOrders {
        match zero {
            Zero::Ignore => ZeroOrders::Ignore,
            Zero::Count => ZeroOrders::Count,
        }
    }
}

impl CutsOptions {
    pub(crate) fn policy(&self) -> FitPolicy {
        FitPolicy {
            window: Window { days: self.window, zero_orders: self.zero_orders.into() },
            min_customers: self.min_customers,
            fixed_recency: self.recency,
            fixed_frequency: self.frequency,
            fixed_monetary: self.monetary,
            ..FitPolicy::default()
        }
    }
}

impl ColumnOptions {
    pub(crate) fn columns(&self) -> orders_csv::Columns {
        orders_csv::Columns {
            customer: self.customer_column.clone(),
            order: self.order_column.clone(),
            time: self.time_column.clone(),
            amount: self.amount_column.clone(),
            product: self.product_column.clone(),
            name: self.name_column.clone(),
            category: self.category_column.clone(),
            brand: self.brand_column.clone(),
            quantity: self.quantity_column.clone(),
        }
    }

    pub(crate) fn returns(&self) -> orders_csv::Returns {
        match self.returns {
            Returns::Net => orders_csv::Returns::Net,
            Returns::Drop => orders_csv::Returns::Drop,
        }
    }
}

pub(crate) fn typed_cuts(text: &str) -> Result<TypedCuts, String> {
    let parsed = text.split_once(',').and_then(|(c1, c2)| Some((c1.trim().parse().ok()?, c2.trim().parse().ok()?)));
    match parsed {
        Some((c1, c2)) if 0 <= c1 && c1 < c2 => Ok(TypedCuts { c1, c2 }),
        _ => Err("two whole numbers C1,C2 with 0 <= C1 < C2".to_owned()),
    }
}
