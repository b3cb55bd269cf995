//! What a test's operator asked of the API server, by the audit log, and how often it looked at its objects.

use eso_rig::{ApiRequest, ApiRequests, Mark};

use super::{World, eventually};

impl World {
    /// A point in the API server's audit log, after every request that was answered so far.
    pub(crate) async fn mark(&self) -> Mark {
        self.cluster.plane.mark().await.unwrap()
    }

    /// What this test's operator asked since then. Watches are left out, each of which serves all objects for minutes,
    /// and so are Events, which are off the way, and the look for the older group's definition, two a minute while it is
    /// not there. Lists count: an operator that runs needs none.
    pub(crate) async fn asked(&self, mark: Mark) -> ApiRequests {
        let requests = self.cluster.plane.since(mark).await.unwrap().by(&self.user());
        let looks_for_group = |request: &ApiRequest| request.uri == "/apis/kubernetes-client.io/v1";
        requests.matching(|request| {
            request.verb != "watch" && request.resource != "events" && !looks_for_group(request)
        })
    }

    /// As [`asked`](Self::asked), of an operator that was started since then: it lists each kind once, and only once,
    /// and that is left out.
    pub(crate) async fn asked_after_its_start(&self, mark: Mark) -> ApiRequests {
        let asked = self.asked(mark).await;
        let lists = asked.verb("list");
        let mut lists: Vec<_> = lists.iter().map(|request| (&request.group, &request.resource)).collect();
        lists.sort();
        let mut listed = lists.clone();
        listed.dedup();
        assert_eq!(lists, listed, "each kind is listed once");
        asked.matching(|request| request.verb != "list")
    }

    /// Waits until the operator that runs now has looked so often at each of so many objects.
    pub(crate) async fn looked_at(&self, objects: usize, times: usize) {
        eventually(&format!("each of {objects} objects was looked at {times} times"), async || {
            let metrics = self.operator.metrics().await.unwrap_or_default();
            let looks: Vec<f64> = metrics
                .lines()
                .filter(|line| line.starts_with("externalsecret_sync_calls_total{"))
                .filter_map(|line| line.rsplit_once(' ')?.1.parse().ok())
                .collect();
            let enough = looks.len() == objects && looks.iter().all(|seen| *seen >= times as f64);
            if enough { Ok(()) } else { Err(format!("it was {looks:?}")) }
        })
        .await;
    }
}

/// Requests in words, sorted: `patch externalsecrets/status`.
pub(crate) fn in_words(requests: &ApiRequests) -> Vec<String> {
    let mut words: Vec<String> = requests
        .iter()
        .map(|request| {
            let path = [request.resource.as_str(), request.subresource.as_str()];
            format!("{} {}", request.verb, path.join("/").trim_end_matches('/'))
        })
        .collect();
    words.sort();
    words
}
