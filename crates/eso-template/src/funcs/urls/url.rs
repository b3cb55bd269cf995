//! URLs by the rules of Go's `net/url`.

/// A URL in parts, without escapes but for the query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Url {
    pub(super) scheme: Vec<u8>,
    pub(super) user: Option<User>,
    pub(super) host: Vec<u8>,
    pub(super) path: Vec<u8>,
    pub(super) query: Vec<u8>,
    /// All after the scheme, where no `/` follows it.
    pub(super) opaque: Vec<u8>,
    pub(super) fragment: Vec<u8>,
}

/// Who a URL is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct User {
    name: Vec<u8>,
    password: Option<Vec<u8>>,
}

/// A part of a URL, by what need not be escaped in it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Path,
    User,
    Host,
    Zone,
    Fragment,
}

impl Url {
    /// Reads a URL; nothing where it is none.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let (text, fragment) = cut(text, b'#');
        let mut url = Self::without_fragment(text)?;
        url.fragment = unescape(fragment, Part::Fragment)?;
        Some(url)
    }

    fn without_fragment(text: &[u8]) -> Option<Self> {
        if text.iter().any(u8::is_ascii_control) {
            return None;
        }
        if text == b"*" {
            return Some(Self { path: text.to_vec(), ..Self::default() });
        }
        let (scheme, rest) = scheme(text)?;
        let mut url = Self { scheme: scheme.to_ascii_lowercase(), ..Self::default() };
        let (rest, query) = cut(rest, b'?');
        url.query = query.to_vec();
        if !rest.starts_with(b"/") {
            if !scheme.is_empty() {
                url.opaque = rest.to_vec();
                return Some(url);
            }
            // It would be taken for a scheme.
            if cut(rest, b'/').0.contains(&b':') {
                return None;
            }
        }
        let has_authority = rest.starts_with(b"//") && (!scheme.is_empty() || !rest.starts_with(b"///"));
        let path = match rest.strip_prefix(b"//").filter(|_| has_authority) {
            Some(authority) => {
                let length = authority.iter().position(|byte| *byte == b'/').unwrap_or(authority.len());
                let (authority, path) = authority.split_at(length);
                url.authority(authority)?;
                path
            }
            None => rest,
        };
        url.path = unescape(path, Part::Path)?;
        Some(url)
    }

    fn authority(&mut self, authority: &[u8]) -> Option<()> {
        let Some(at) = authority.iter().rposition(|byte| *byte == b'@') else {
            self.host = host(&self.scheme, authority)?;
            return Some(());
        };
        self.host = host(&self.scheme, &authority[at + 1..])?;
        let userinfo = &authority[..at];
        let is_valid = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(byte);
        if !userinfo.iter().all(is_valid) {
            return None;
        }
        let (name, password) = cut(userinfo, b':');
        let password = userinfo.contains(&b':').then_some(password);
        let password = match password {
            Some(password) => Some(unescape(password, Part::User)?),
            None => None,
        };
        self.user = Some(User { name: unescape(name, Part::User)?, password });
        Some(())
    }

    /// The host without a port, and without brackets.
    pub(super) fn hostname(&self) -> &[u8] {
        let host = match self.host.iter().rposition(|byte| *byte == b':') {
            Some(colon) if is_port(&self.host[colon..]) => &self.host[..colon],
            _ => &self.host[..],
        };
        host.strip_prefix(b"[").and_then(|host| host.strip_suffix(b"]")).unwrap_or(host)
    }

    /// The URL as it is written.
    pub(super) fn text(&self) -> Vec<u8> {
        let mut text = Vec::new();
        if !self.scheme.is_empty() {
            text.extend_from_slice(&self.scheme);
            text.push(b':');
        }
        if self.opaque.is_empty() {
            self.write_authority(&mut text);
            self.write_path(&mut text);
        } else {
            text.extend_from_slice(&self.opaque);
        }
        if !self.query.is_empty() {
            text.push(b'?');
            text.extend_from_slice(&self.query);
        }
        if !self.fragment.is_empty() {
            text.push(b'#');
            escape(&mut text, &self.fragment, Part::Fragment);
        }
        text
    }

    fn write_authority(&self, text: &mut Vec<u8>) {
        let is_anybody = self.host.is_empty() && self.user.is_none();
        if is_anybody && (self.scheme.is_empty() || self.path.is_empty()) {
            return;
        }
        text.extend_from_slice(b"//");
        if let Some(user) = &self.user {
            text.extend(user.text());
            text.push(b'@');
        }
        escape(text, &self.host, Part::Host);
    }

    fn write_path(&self, text: &mut Vec<u8>) {
        let mut path = Vec::new();
        match &self.path[..] {
            b"*" => path.push(b'*'),
            _ => escape(&mut path, &self.path, Part::Path),
        }
        if !self.host.is_empty() && path.first().is_some_and(|first| *first != b'/') {
            text.push(b'/');
        }
        // It would be taken for a scheme.
        if text.is_empty() && cut(&path, b'/').0.contains(&b':') {
            text.extend_from_slice(b"./");
        }
        text.extend(path);
    }
}

impl User {
    /// As it is written before the `@`.
    pub(super) fn text(&self) -> Vec<u8> {
        let mut text = Vec::new();
        escape(&mut text, &self.name, Part::User);
        if let Some(password) = &self.password {
            text.push(b':');
            escape(&mut text, password, Part::User);
        }
        text
    }
}

/// What comes before a byte, and what comes after it.
fn cut(text: &[u8], byte: u8) -> (&[u8], &[u8]) {
    match text.iter().position(|other| *other == byte) {
        Some(place) => (&text[..place], &text[place + 1..]),
        None => (text, b""),
    }
}

/// The scheme, which may be empty, and the rest; nothing where the text begins with a colon.
fn scheme(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let of_scheme = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
    let length = text.iter().take_while(|byte| of_scheme(byte)).count();
    match text.get(length) {
        Some(b':') if length == 0 => None,
        Some(b':') if text[0].is_ascii_alphabetic() => Some((&text[..length], &text[length + 1..])),
        _ => Some((b"", text)),
    }
}

fn host(scheme: &[u8], text: &[u8]) -> Option<Vec<u8>> {
    match text.iter().rposition(|byte| *byte == b'[') {
        Some(0) => return literal(text),
        Some(_) => return None,
        None => {}
    }
    // Databases have several hosts with a port each; of HTTP there is one alone.
    let is_colon = |byte: &u8| *byte == b':';
    let colon = match scheme {
        b"http" | b"https" => text.iter().position(is_colon),
        _ => text.iter().rposition(is_colon),
    };
    let has_port = colon.is_none_or(|colon| is_port(&text[colon..]));
    has_port.then(|| unescape(text, Part::Host)).flatten()
}

/// An address of IPv6 in brackets, which may have a zone.
fn literal(text: &[u8]) -> Option<Vec<u8>> {
    let close = text.iter().rposition(|byte| *byte == b']')?;
    let (address, port) = (&text[1..close], &text[close + 1..]);
    if !is_port(port) {
        return None;
    }
    let zone = address.windows(3).position(|bytes| bytes == b"%25").unwrap_or(address.len());
    let (plain, zone) = address.split_at(zone);
    let plain = unescape(plain, Part::Host)?;
    let _address: std::net::Ipv6Addr = str::from_utf8(&plain).ok()?.parse().ok()?;
    let zone = unescape(zone, Part::Zone)?;
    (zone != b"%").then(|| [b"[", &plain[..], &zone, b"]", port].concat())
}

/// Whether a text is empty, or a colon and digits, if any.
fn is_port(text: &[u8]) -> bool {
    match text.split_first() {
        None => true,
        Some((first, digits)) => *first == b':' && digits.iter().all(u8::is_ascii_digit),
    }
}

/// The text without escapes; nothing where one is none, or stands for what cannot be escaped there.
fn unescape(text: &[u8], part: Part) -> Option<Vec<u8>> {
    let of_host = matches!(part, Part::Host | Part::Zone);
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        if *first != b'%' {
            if of_host && first.is_ascii() && must_escape(*first, part) {
                return None;
            }
            plain.push(*first);
            rest = after;
            continue;
        }
        let (digits, after) = after.split_first_chunk::<2>()?;
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let byte = digit(digits[0])? << 4 | digit(digits[1])?;
        let is_percent = digits == b"25";
        let is_allowed = match part {
            Part::Host => !byte.is_ascii() || is_percent,
            Part::Zone => is_percent || byte == b' ' || !must_escape(byte, Part::Host),
            Part::Path | Part::User | Part::Fragment => true,
        };
        if !is_allowed {
            return None;
        }
        plain.push(byte);
        rest = after;
    }
    Some(plain)
}

fn escape(text: &mut Vec<u8>, plain: &[u8], part: Part) {
    for byte in plain {
        match must_escape(*byte, part) {
            true => text.extend_from_slice(format!("%{byte:02X}").as_bytes()),
            false => text.push(*byte),
        }
    }
}

fn must_escape(byte: u8, part: Part) -> bool {
    if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
        return false;
    }
    let allowed: &[u8] = match part {
        Part::Host | Part::Zone => b"!$&'()*+,;=:[]<>\"",
        Part::Path => b"$&+,/:;=@",
        Part::User => b"$&+,;=",
        Part::Fragment => b"$&+,/:;=?@!()*",
    };
    !allowed.contains(&byte)
}
