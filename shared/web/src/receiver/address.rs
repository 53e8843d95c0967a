//! Which addresses of the internet are public.
//!
//! Source: the IANA registries of special-purpose addresses (RFC 6890 and what was added since), multicast (RFC 5771, RFC 4291), and the
//! ways to write an IPv4 address as one of IPv6: mapped (RFC 4291), NAT64 (RFC 6052, RFC 8215), 6to4 (RFC 3056), Teredo (RFC 4380).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Receivers;

impl Receivers {
    /// May something be sent to this address?
    #[must_use]
    pub fn allow(self, address: IpAddr) -> bool {
        is_public(address) || self == Receivers::LocalToo && is_ones_own(address)
    }
}

/// Is this an address that anybody may be at? Whatever is set aside for something else is not.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !SPECIAL_V4.iter().any(|net| net.holds(address)),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// On this machine or in its owner's network. Not link-local: there a cloud keeps its instances' credentials.
fn is_ones_own(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback() || address.is_private(),
        IpAddr::V6(address) => address.is_loopback() || address.segments()[0] & 0xfe00 == 0xfc00,
    }
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let bits = u128::from(address);
    let segments = address.segments();
    // Only 2000::/3 is given out at all. So mapped and compatible addresses, loopback, NAT64's local prefix, unique local,
    // link-local, site-local and multicast fall away at once; what is left is taken out below.
    if segments[0] & 0xe000 != 0x2000 {
        // The well-known prefix of NAT64 is routed to the IPv4 address in it: what that is counts.
        let is_nat64 = bits >> 32 == 0x0064_ff9b_0000_0000_0000_0000;
        return is_nat64 && is_public(IpAddr::V4(Ipv4Addr::from((bits & 0xffff_ffff) as u32)));
    }
    match segments {
        // IETF protocols, Teredo, benchmarks, ORCHID, drone ids: 2001::/23.
        [0x2001, second, ..] if second < 0x0200 => false,
        // Documentation.
        [0x2001, 0x0db8, ..] => false,
        [0x3fff, second, ..] if second < 0x1000 => false,
        // 6to4 leads to the IPv4 address in it; it is retired, and nobody's webhook is there.
        [0x2002, ..] => false,
        _ => true,
    }
}

/// A network of IPv4: its address and how many bits of it count.
struct Net(Ipv4Addr, u32);

impl Net {
    fn holds(&self, address: Ipv4Addr) -> bool {
        let mask = u32::MAX << (32 - self.1);
        u32::from(address) & mask == u32::from(self.0) & mask
    }
}

const SPECIAL_V4: [Net; 17] = [
    // "This network".
    Net(Ipv4Addr::new(0, 0, 0, 0), 8),
    // Private.
    Net(Ipv4Addr::new(10, 0, 0, 0), 8),
    // Shared by carriers behind NAT; some clouds have services of their own there.
    Net(Ipv4Addr::new(100, 64, 0, 0), 10),
    // Loopback.
    Net(Ipv4Addr::new(127, 0, 0, 0), 8),
    // Link-local, a cloud's metadata among them.
    Net(Ipv4Addr::new(169, 254, 0, 0), 16),
    // Private.
    Net(Ipv4Addr::new(172, 16, 0, 0), 12),
    // IETF protocols.
    Net(Ipv4Addr::new(192, 0, 0, 0), 24),
    // Documentation.
    Net(Ipv4Addr::new(192, 0, 2, 0), 24),
    // AS112 sinks.
    Net(Ipv4Addr::new(192, 31, 196, 0), 24),
    // AMT.
    Net(Ipv4Addr::new(192, 52, 193, 0), 24),
    // 6to4 relays, retired.
    Net(Ipv4Addr::new(192, 88, 99, 0), 24),
    // Private.
    Net(Ipv4Addr::new(192, 168, 0, 0), 16),
    // AS112 sinks.
    Net(Ipv4Addr::new(192, 175, 48, 0), 24),
    // Benchmarks.
    Net(Ipv4Addr::new(198, 18, 0, 0), 15),
    // Documentation.
    Net(Ipv4Addr::new(198, 51, 100, 0), 24),
    Net(Ipv4Addr::new(203, 0, 113, 0), 24),
    // Multicast, reserved, broadcast: 224.0.0.0 to the end.
    Net(Ipv4Addr::new(224, 0, 0, 0), 3),
];

#[cfg(test)]
mod tests {
    use super::*;

    const NOT_PUBLIC: &[&str] = &[
        // IPv4: the first and the last of each range.
        "0.0.0.0",
        "0.255.255.255",
        "10.0.0.0",
        "10.255.255.255",
        "100.64.0.0",
        "100.100.100.200",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.0.0",
        "169.254.169.254",
        "169.254.170.2",
        "169.254.255.255",
        "172.16.0.0",
        "172.31.255.255",
        "192.0.0.0",
        "192.0.0.170",
        "192.0.0.192",
        "192.0.2.1",
        "192.31.196.1",
        "192.52.193.1",
        "192.88.99.1",
        "192.168.0.0",
        "192.168.255.255",
        "192.175.48.1",
        "198.18.0.0",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.255",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.0",
        "255.255.255.255",
        // IPv6 of its own.
        "::",
        "::1",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "fc00::1",
        "fd00:ec2::254",
        "fdff::1",
        "ff02::1",
        "ff0e::1",
        "100::1",
        "2001::1",
        "2001:2::1",
        "2001:10::1",
        "2001:20::1",
        "2001:1ff::1",
        "2001:db8::1",
        "3fff::1",
        "3fff:fff::1",
        "5f00::1",
        "4000::1",
        "1fff::1",
        // IPv4 in IPv6: mapped, compatible, NAT64 with both prefixes, 6to4, Teredo; translated (SIIT).
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:8.8.8.8",
        "::127.0.0.1",
        "::10.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::8.8.8.8",
        "64:ff9b:1::10.0.0.1",
        "2002:7f00:1::1",
        "2002:a00:1::",
        "2002:a9fe:a9fe::1",
        "2002:808:808::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "::ffff:0:127.0.0.1",
    ];

    const PUBLIC: &[&str] = &[
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.0.3.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "203.0.112.255",
        "203.0.114.0",
        "223.255.255.255",
        "2001:200::1",
        "2001:4860:4860::8888",
        "2606:4700::1111",
        "2a00:1450::1",
        "2003::1",
        "3ffe::1",
        "3fff:1000::1",
        "64:ff9b::8.8.8.8",
    ];

    #[test]
    fn only_addresses_that_anybody_may_be_at_are_public() {
        for text in NOT_PUBLIC {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
        for text in PUBLIC {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn who_allows_local_receivers_allows_their_own_and_nothing_else() {
        for text in ["127.0.0.1", "10.1.2.3", "172.20.0.1", "192.168.1.1", "::1", "fd12::1", "8.8.8.8"] {
            assert!(Receivers::LocalToo.allow(text.parse().unwrap()), "{text}");
        }
        for text in NOT_PUBLIC {
            let address = text.parse().unwrap();
            let own = is_ones_own(address);
            assert_eq!(Receivers::LocalToo.allow(address), own, "{text}");
            assert!(!Receivers::Public.allow(address), "{text}");
        }
        for text in ["169.254.169.254", "fe80::1", "224.0.0.1", "0.0.0.0", "::", "100.64.0.1", "::ffff:127.0.0.1"] {
            assert!(!Receivers::LocalToo.allow(text.parse().unwrap()), "{text}");
        }
    }
}
