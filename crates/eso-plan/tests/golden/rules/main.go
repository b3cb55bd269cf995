// Command rules prints what Go's packages make of keys, values and schedules, as golden file for eso-plan.
//
// `cargo xtask codegen rules` runs it. Five lists come out: keys rewritten by regular expressions, JSON objects merged,
// keys converted, values decoded, and the times of schedules.
package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/robfig/cron/v3"
)

type rewrite struct {
	Source string `json:"source"`
	Target string `json:"target"`
	// Keys by the names that they get; of two with the same name, the later in order.
	Names map[string]string `json:"names,omitempty"`
	Error string            `json:"error,omitempty"`
}

type merge struct {
	Values   map[string]string `json:"values"`
	Priority []string          `json:"priority"`
	Into     string            `json:"into"`
	Entries  map[string]string `json:"entries"`
	// Members that several objects have, in order.
	Conflicts []string `json:"conflicts"`
}

type conversion struct {
	Key     string `json:"key"`
	Default string `json:"default"`
	Unicode string `json:"unicode"`
}

type decoding struct {
	Text     string `json:"text"`
	Standard string `json:"standard"`
	URL      string `json:"url"`
}

type schedule struct {
	Schedule string   `json:"schedule"`
	Error    string   `json:"error,omitempty"`
	Times    []string `json:"times,omitempty"`
}

type golden struct {
	Generated   string       `json:"generated"`
	Rewrites    []rewrite    `json:"rewrites"`
	Merges      []merge      `json:"merges"`
	Conversions []conversion `json:"conversions"`
	Decodings   []decoding   `json:"decodings"`
	Schedules   []schedule   `json:"schedules"`
}

var keys = []string{
	"", "DB_HOST", "DB_PORT", "a", "aa", "a.b", "a/b/c", "app/prod/db", "app/stage/db", "b-1", "b-22", "$1", "1", "x٣y",
	"größe", "ключ-1", "日本 語", "line\nbreak", "tab\there", "e\u0301", "😀/x", "UPPER", "upper", "[x]", "a+b", "ſ",
}

// Pairs of a source and a target.
var rewrites = [][2]string{
	{"", ""}, {"", "-"}, {"a", ""}, {"a", "b"}, {"a*", "-"}, {"^", "pre-"}, {"$", "-post"}, {"^a", "$0$0"}, {".*", "one"}, {"(?s).*", "one"},
	{"^app/(.*)/db$", "$1"}, {"^app/(.*)/db$", "${1}_db"}, {"^app/(.*)/db$", "$1_db"}, {"^app/(?P<stage>\\w+)/", "$stage-"},
	{"^app/(?P<stage>\\w+)/", "${stage}x"}, {"^app/(?P<stage>\\w+)/", "$stagex"}, {"app/(?<stage>[^/]+)/(db)", "$2.$stage"},
	{"(\\w+)/(\\w+)", "$2/$1"}, {"(a)|(b)", "<$1|$2>"}, {"(b)?", "[$1]"}, {"/", "$$"}, {"/", "$$1"}, {"/", "$"}, {"/", "$("}, {"/", "${"}, {"/", "${}"},
	{"/", "${1"}, {"(/)", "${ 1}"}, {"(/)", "$10"}, {"(/)", "${10}"}, {"(/)", "$1$1"}, {"(/)", "\\1"}, {"(/)", "$ключ"}, {"(?P<s>/)", "${s}${s}"},
	{"\\d", "#"}, {"\\w", "w"}, {"\\s", "_"}, {"\\W+", "-"}, {"\\D", ""}, {"\\b", "|"}, {"\\Bp", "P"}, {"[[:alpha:]]+", "A"}, {"[[:^alnum:]]", "_"}, {"[^a-zA-Z0-9]", "_"},
	{"\\pL+", "L"}, {"\\p{Cyrillic}", "c"}, {"\\PN", ""}, {"\\p{Nd}", "0"}, {"[\\p{Lu}]", "u"}, {"(?i)db", "x"}, {"(?i)s", "S"}, {"(?i)größe", "size"},
	{"\\Q[x]\\E", "q"}, {"\\Qa+b", "q"}, {"\\Qa.b\\E|a", "q"}, {"\\[x\\]", "$0!"}, {"(?m)^", "> "}, {"(?s)e.b", "E"}, {"(?U)a+", "x"}, {"a{2}", "2"}, {"a{2,}", "2"}, {"a{0,1}", "."},
	{"\\x{1F600}", "smile"}, {"[日-語]", "j"}, {"\u0301", ""}, {".", "."}, {"^(.)(.*)$", "$2$1"}, {"\\A.", "^"}, {".\\z", "$"}, {"x|xy|y", "z"}, {"(x|xy)(y?)", "$1,$2"},
	{"[a", ""}, {"(", ""}, {")", ""}, {"*", ""}, {"a**", ""}, {"(?<n>a)(?<n>b)", ""}, {"\\8", ""}, {"(?=a)", ""}, {"a{1001}", ""}, {"\\p{Nope}", ""}, {"[b-a]", ""}, {"(?z)", ""}, {"\\", ""},
}

var merges = []struct {
	values   map[string]string
	priority []string
}{
	{map[string]string{}, nil},
	{map[string]string{"a": `{"x":1}`}, nil},
	{map[string]string{"a": `{"x":1}`, "b": `{"y":"two"}`}, nil},
	{map[string]string{"a": `{"x":1}`, "b": `{"x":2}`}, nil},
	{map[string]string{"a": `{"x":1}`, "b": `{"x":2}`}, []string{"a"}},
	{map[string]string{"a": `{"x":1}`, "b": `{"x":2}`, "c": `{"x":3}`}, []string{"c", "a"}},
	{map[string]string{"a": `{"x":1,"y":1}`, "b": `{"x":2}`, "c": `{"y":3}`}, []string{"b"}},
	{map[string]string{"a": `{"x":1}`}, []string{"a", "a"}},
	{map[string]string{"a": `{"x":1}`, "B": `{"x":2}`, "_": `{"x":3}`, "ä": `{"x":4}`}, nil},
	{map[string]string{"a": `{"x":1,"x":2}`}, nil},
	{map[string]string{"a": `null`, "b": ` {"x" : [ 1 , 2 ] } `}, nil},
	{map[string]string{"a": `{"s":"text","e":"","t":true,"f":false,"n":null,"o":{"b":1,"a":[]},"l":[1,"<&>",null]}`}, nil},
	{map[string]string{"a": `{"i":42,"neg":-7,"one":1.0,"dec":1.50,"exp":1e3,"small":1e-7,"big":1e21,"zero":0,"negzero":-0.0}`}, nil},
	{map[string]string{"a": `{"html":"<a href='x'>&</a>","u":"\u2028","esc":"\t\"\\\/\u0001","lone":"\ud800","pair":"\ud83d\ude00","<k>":"&"}`}, nil},
	{map[string]string{"a": `{"":"nameless","k.x":"dot","é":"e"}`, "into": `{"z":0}`}, nil},
	{map[string]string{"a": `{"nested":{"d":1,"d":{"<":">"}}}`, "b": `{"nested":{"e":2}}`}, nil},
}

var conversions = []string{
	"", "plain-Name_1.txt", "a/b", "a b\tc", "$%&", "ключ", "größe/1", "½", "😀", "a\x00b", "日本語", "²", "٣", "Ⅷ", "ª", "a\u0301", "_U002f_", "/", "\u00a0", "\u200b", "\U0001F4A9x", "ǅ", "～", "ــ", "ॐ", "Ⓐ", "ⓩ", "🄰", "🅩", "㊀", "㋐",
}

var decodings = []string{
	"", "aGVsbG8=", "aGVsbG8", "aGVsbG8=\n", "aGVs\r\nbG8=", "aGVsbG8==", "aGVsbG8=x", "aGVsbG8=\n\nx", "aGVsbA==", "aGVsbA=", "aGVsbA", "aGVsbA=\n=", "aGVsbA=\n=\n", "aGVsbA=x",
	"aGVsbA=\nx", "aGVsbA==x", "aGVsbA\n", "=", "==", "a", "a=", "a===", "ab==", "ab=", "aB==", "ab=c", "abc=", "abc=d", "abcd", "abcd=", "abcde", "abcde===", "/+8=", "_-8=", "/-8=", "++//", "--__", "+_", "pass word", "pässword", "hello!", "hello",
	"test", "\n", "\r\n\r\n", " aGVs", "aGVs ", "aGV sbG8=", "AAECAw==", "AP8=", "\x00", "QQBC", "aGVsbG8gd29ybGQgdGhpcyBpcyBhIGxvbmcgdGV4dA==", "aGVsbG8gd29ybGQgdGhpcyBpcyBhIGxvbmcg!GV4dA==", "aGVsbG8gd29ybGQ\ngdGhpcyBpcyBhIGxvbmcgdGV4\ndA", "aGVsbG8gd29ybGQ\ngdGhpcyBpcyBhIGxvbmcgdGV4\ndA\n",
}

var schedules = []string{
	"* * * * *", "0 0 * * *", "30 22 * * *", "*/15 * * * *", "5/15 * * * *", "5-20/5 * * * *", "0 9-17 * * 1-5", "0 9-17 * * mon-fri", "0 0 1 * *", "0 0 31 * *", "0 0 29 2 *", "31 2 30 2 *",
	"0 0 1 JAN ?", "0 0 13 * 5", "0 0 13 * fri", "0 0 */13 * 5", "0 0 */1 * 5", "0 0 13 * */2", "0 0 ? * 0", "0 0 * * sun", "0 0 * * SUN,Sat", "0 0 * dec,feb 3", "1,2,3 4,5 6 7 *", "59 23 31 12 *",
	"*/59 */23 */30 */11 */6", "0-59/61 * * * *", "? ? ? ? ?", "*-5 * * * *", "?-x/7 * * * *", ", * * * *", "0,, * * * *", " 0  0\t* * * ", "00 007 +1 * *", "0 0 * 1-12/5 *",
	"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly", "TZ=UTC 0 5 * * *", "CRON_TZ=UTC @daily", "TZ= 0 5 * * *", "TZ=Etc/UTC   0 5 * * *",
	"", " ", "x", "@", "@nope", "@Daily", " @daily", "@daily ", "@every", "@every x", "0 0 * *", "0 0 * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 0 *", "* * * 13 *", "* * * * 7",
	"* * * * sun-sat", "* * * * sat-sun", "5-1 * * * *", "1-2-3 * * * *", "1/2/3 * * * *", "*/0 * * * *", "*/x * * * *", "-1 * * * *", "1- * * * *", "a * * * *", "* * * january *", "*/-1 * * * *", "99999999999999999999 * * * *", "1.5 * * * *", "** * * * *", "0x1 * * * *",
}

var starts = []string{"2026-01-01T00:00:00Z", "2026-02-28T23:59:59Z", "2027-12-31T12:34:56Z"}

func main() {
	out := golden{Generated: "by crates/eso-plan/tests/golden/rules/main.go; run `cargo xtask codegen rules` to write it again"}
	for _, pair := range rewrites {
		out.Rewrites = append(out.Rewrites, rewritten(pair[0], pair[1]))
	}
	for _, into := range []string{"", "into"} {
		for _, values := range merges {
			out.Merges = append(out.Merges, merged(values.values, values.priority, into))
		}
	}
	for _, key := range conversions {
		out.Conversions = append(out.Conversions, conversion{key, converted(key, "_"), converted(key, "_U%04x_")})
	}
	for _, text := range decodings {
		out.Decodings = append(out.Decodings, decoding{text, decoded(base64.StdEncoding, text), decoded(base64.URLEncoding, text)})
	}
	for _, text := range schedules {
		out.Schedules = append(out.Schedules, times(text))
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(out); err != nil {
		panic(err)
	}
}

func rewritten(source, target string) rewrite {
	compiled, err := regexp.Compile(source)
	if err != nil {
		return rewrite{Source: source, Target: target, Error: err.Error()}
	}
	names := map[string]string{}
	slices.Sort(keys)
	for _, key := range keys {
		names[compiled.ReplaceAllString(key, target)] = key
	}
	return rewrite{Source: source, Target: target, Names: names}
}

// merged decodes each value into a map, the keys without priority first, and writes the whole as one object where
// there is a key for it, or else each member by itself.
func merged(values map[string]string, priority []string, into string) merge {
	order := []string{}
	for key := range values {
		if !slices.Contains(priority, key) {
			order = append(order, key)
		}
	}
	sort.Strings(order)
	whole, conflicts := map[string]any{}, []string{}
	for _, key := range append(order, priority...) {
		var object map[string]any
		if err := json.Unmarshal([]byte(values[key]), &object); err != nil {
			panic(err)
		}
		for name, value := range object {
			if _, there := whole[name]; there && !slices.Contains(conflicts, name) {
				conflicts = append(conflicts, name)
			}
			whole[name] = value
		}
	}
	sort.Strings(conflicts)
	entries := map[string]string{}
	if into == "" {
		for name, value := range whole {
			entries[name] = member(value)
		}
	} else {
		for key, value := range values {
			entries[key] = value
		}
		var text strings.Builder
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(whole); err != nil {
			panic(err)
		}
		entries[into] = strings.TrimRight(text.String(), "\n")
	}
	return merge{values, priority, into, entries, conflicts}
}

// member is a decoded value as the original gives it to an entry.
func member(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case float64:
		return strconv.FormatFloat(value, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(value)
	case nil:
		return ""
	default:
		text, err := json.Marshal(value)
		if err != nil {
			panic(err)
		}
		return string(text)
	}
}

func converted(key, format string) string {
	var name strings.Builder
	for _, char := range key {
		switch {
		case unicode.IsLetter(char), unicode.IsNumber(char), strings.ContainsRune("-._", char):
			name.WriteRune(char)
		case strings.Contains(format, "%"):
			fmt.Fprintf(&name, format, char)
		default:
			name.WriteString(format)
		}
	}
	return name.String()
}

// decoded gives the bytes in hex, or the error behind a `!`.
func decoded(encoding *base64.Encoding, text string) string {
	bytes, err := encoding.DecodeString(text)
	if err != nil {
		return "!" + err.Error()
	}
	return hex.EncodeToString(bytes)
}

// times gives three times after each start, as many as there are.
func times(text string) schedule {
	parsed, err := cron.ParseStandard(text)
	if err != nil {
		return schedule{Schedule: text, Error: err.Error()}
	}
	found := []string{}
	for _, start := range starts {
		at, err := time.Parse(time.RFC3339, start)
		if err != nil {
			panic(err)
		}
		for range 3 {
			at = parsed.Next(at.UTC())
			if at.IsZero() {
				break
			}
			found = append(found, at.UTC().Format(time.RFC3339))
		}
	}
	return schedule{Schedule: text, Times: found}
}
