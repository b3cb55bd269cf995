//! Every page of the documents can be reached from their index, and no link leads nowhere.

use std::{
    collections::BTreeSet,
    fs,
    path::{Component, Path, PathBuf},
};

use super::{collect, none};
use crate::project;

#[test]
fn every_page_is_reached_from_the_index() {
    let docs = project::root().join("docs");
    let mut pages = Vec::new();
    collect(&docs, "md", &mut pages);
    let mut reached = BTreeSet::new();
    visit(&docs.join("README.md"), &mut reached);
    let lost = pages.into_iter().filter(|page| !reached.contains(page));
    none("cannot be reached from docs/README.md", lost.map(|page| page.display().to_string()));
}

#[test]
fn no_link_leads_nowhere() {
    let root = project::root();
    let mut pages = vec![root.join("README.md")];
    collect(&root.join("docs"), "md", &mut pages);
    let dead = pages.iter().flat_map(|page| {
        links(page)
            .into_iter()
            .filter(|target| !target.exists())
            .map(move |target| format!("{}: the link to {}", page.display(), target.display()))
    });
    none("leads nowhere", dead);
}

/// Notes a page, and all that its links lead to.
fn visit(page: &Path, reached: &mut BTreeSet<PathBuf>) {
    if page.extension().is_some_and(|extension| extension == "md") && reached.insert(page.to_owned()) {
        links(page).iter().for_each(|target| visit(target, reached));
    }
}

/// What the relative links of a page lead to.
fn links(page: &Path) -> Vec<PathBuf> {
    let text = fs::read_to_string(page).unwrap_or_default();
    targets(&text).into_iter().map(|target| resolve(page, &target)).collect()
}

/// The targets of Markdown links that stay in the repository, without anchors.
fn targets(text: &str) -> Vec<String> {
    let links = text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    let paths = links.map(|target| target.split('#').next().unwrap_or_default());
    paths.filter(|path| !path.is_empty() && !path.contains("://")).map(str::to_owned).collect()
}

fn resolve(page: &Path, target: &str) -> PathBuf {
    let folder = page.parent().expect("a page must lie in a folder");
    folder.join(target).components().fold(PathBuf::new(), |mut path, component| {
        match component {
            Component::ParentDir => drop(path.pop()),
            other => path.push(other),
        }
        path
    })
}

#[test]
fn links_are_found_in_text() {
    let text = "a [b](c.md) and [d](../e/f.md#g), not [h](https://i.example/j.md) nor [k](#l)";
    assert_eq!(targets(text), ["c.md", "../e/f.md"]);
    assert_eq!(resolve(Path::new("/docs/x/page.md"), "../e/f.md"), Path::new("/docs/e/f.md"));
}
