//! Which column holds what: columns are found by name in the header, wherever they stand.

use crate::error::Error;

/// The names of the columns. [`Columns::default`] has the names that the documentation uses.
///
/// The first four must be in the file. The others may be absent under their default name; one that was named otherwise must be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// Who bought; an empty cell is a guest. Default `customer_id`.
    pub customer: String,
    /// Rows of one id are one order. Default `order_id`.
    pub order: String,
    /// When. Default `timestamp`.
    pub time: String,
    /// The row's amount of money, for all its pieces together. Default `amount`.
    pub amount: String,
    /// The product's id. Default `product`.
    pub product: String,
    /// The product's name. Default `name`.
    pub name: String,
    /// The product's category. Default `category`.
    pub category: String,
    /// The product's brand. Default `brand`.
    pub brand: String,
    /// How many pieces; below zero for a return. Default `qty`.
    pub quantity: String,
}

impl Default for Columns {
    fn default() -> Columns {
        let [customer, order, time, amount, product, name, category, brand, quantity] =
            Role::ALL.map(|role| role.default_name().to_owned());
        Columns { customer, order, time, amount, product, name, category, brand, quantity }
    }
}

impl Columns {
    fn name(&self, role: Role) -> &str {
        match role {
            Role::Customer => &self.customer,
            Role::Order => &self.order,
            Role::Time => &self.time,
            Role::Amount => &self.amount,
            Role::Product => &self.product,
            Role::Name => &self.name,
            Role::Category => &self.category,
            Role::Brand => &self.brand,
            Role::Quantity => &self.quantity,
        }
    }
}

/// What a column is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Customer,
    Order,
    Time,
    Amount,
    Product,
    Name,
    Category,
    Brand,
    Quantity,
}

impl Role {
    const ALL: [Role; 9] = [
        Role::Customer,
        Role::Order,
        Role::Time,
        Role::Amount,
        Role::Product,
        Role::Name,
        Role::Category,
        Role::Brand,
        Role::Quantity,
    ];

    fn default_name(self) -> &'static str {
        match self {
            Role::Customer => "customer_id",
            Role::Order => "order_id",
            Role::Time => "timestamp",
            Role::Amount => "amount",
            Role::Product => "product",
            Role::Name => "name",
            Role::Category => "category",
            Role::Brand => "brand",
            Role::Quantity => "qty",
        }
    }

    fn required(self) -> bool {
        matches!(self, Role::Customer | Role::Order | Role::Time | Role::Amount)
    }
}

/// Where each column stands in this file.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    /// The header's names.
    pub(crate) names: Vec<String>,
    /// What each column is for, `None` for one that is passed over.
    pub(crate) roles: Vec<Option<Role>>,
}

impl Layout {
    pub(crate) fn new(columns: &Columns, names: Vec<String>) -> Result<Layout, Error> {
        let mut roles = vec![None; names.len()];
        for role in Role::ALL {
            let wanted = columns.name(role);
            match names.iter().position(|name| name == wanted) {
                Some(at) => roles[at] = Some(role),
                None if role.required() || wanted != role.default_name() => {
                    return Err(Error::MissingColumn { column: wanted.to_owned(), has: names });
                }
                None => {}
            }
        }
        Ok(Layout { names, roles })
    }

    /// The column of a role.
    pub(crate) fn position(&self, role: Role) -> Option<usize> {
        self.roles.iter().position(|found| *found == Some(role))
    }

    /// This layout without the columns that `keep` does not want: they are then passed over unread.
    pub(crate) fn only(&self, keep: impl Fn(Role) -> bool) -> Layout {
        let roles = self.roles.iter().map(|role| role.filter(|role| keep(*role))).collect();
        Layout { names: self.names.clone(), roles }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(header: &str) -> Vec<String> {
        header.split(',').map(str::to_owned).collect()
    }

    #[test]
    fn columns_are_found_by_name_wherever_they_stand() {
        let layout = Layout::new(&Columns::default(), names("amount,x,order_id,timestamp,customer_id")).unwrap();
        assert_eq!(layout.roles[1], None);
        assert_eq!(layout.position(Role::Customer), Some(4));
        assert_eq!(layout.position(Role::Product), None);
    }

    #[test]
    fn a_missing_column_is_named_with_what_the_file_has() {
        let error = Layout::new(&Columns::default(), names("customer_id,order,timestamp,amount")).unwrap_err();
        let text = "the file has no column `order_id`; it has: customer_id, order, timestamp, amount";
        assert_eq!(error.to_string(), text);
        let columns = Columns { product: "sku".to_owned(), ..Columns::default() };
        assert!(Layout::new(&columns, names("customer_id,order_id,timestamp,amount")).is_err());
    }
}
