//! Limits that templates share.

use crate::{Fault, Limits, Options, Surroundings, Template, Value};

#[test]
fn templates_that_share_limits_use_them_up_together() {
    let loops = "{{ range until 1000 }}x{{ end }}";
    let template = Template::parse("loop", loops, &Options::default()).unwrap();
    let data = Value::strings([("name", "ada")]);
    let mut left = Limits::default();
    let mut render = || {
        let mut random = |buffer: &mut [u8]| buffer.fill(4);
        let surroundings = Surroundings { now: jiff::Timestamp::UNIX_EPOCH, random: &mut random };
        let rendered = template.render_sharing(&data, surroundings, &mut left);
        (rendered.map(|text| text.len()), left)
    };
    let (first, left) = render();
    assert_eq!(first.unwrap(), 1000);
    assert_eq!(Limits::default().output - left.output, 1000);
    let cut = (0..10_000).find_map(|_| render().0.err()).expect("they must be used up");
    assert!(matches!(cut.fault, Fault::Limit(_)), "{cut}");
}
