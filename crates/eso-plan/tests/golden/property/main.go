// Command property prints what the original's property look-up gives, as golden file for eso-plan.
//
// `cargo xtask codegen property` runs it. Four lists come out: gjson paths, what sjson sets at one, documents as Vault's provider writes them
// (json.Marshal of a map that was decoded with UseNumber), and float64 numbers as Vault's extract writes them.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

type group struct {
	json  string
	paths []string
}

type probe struct {
	JSON   string `json:"json"`
	Path   string `json:"path"`
	Exists bool   `json:"exists"`
	String string `json:"string"`
}

type document struct {
	JSON       string            `json:"json"`
	Marshalled string            `json:"marshalled"`
	Members    map[string]string `json:"members"`
}

type golden struct {
	Generated string     `json:"generated"`
	Paths     []probe    `json:"paths"`
	Documents []document `json:"documents"`
	Members   []document `json:"members"`
	Sets      []set      `json:"sets"`
}

const friends = `{"name":{"first":"Tom","last":"Anderson"},"age":37,"children":["Sara","Alex","Jack"],` +
	`"fav.movie":"Deer Hunter","friends":[` +
	`{"first":"Dale","last":"Murphy","age":44,"nets":["ig","fb","tw"]},` +
	`{"first":"Roger","last":"Craig","age":68,"nets":["fb","tw"]},` +
	`{"first":"Jane","last":"Murphy","age":47,"nets":["ig","tw"]}]}`

var groups = []group{
	{friends, []string{
		"name.last", "name.first", "name", "age", "children", "children.#", "children.1", "child*.2", "c?ildren.0",
		"fav\\.movie", "fav.movie", "friends.#.first", "friends.1.last", "friends.#", "friends.9", "friends.-1",
		"children.01", "children.1.x", "children.-", "children.x", "name.middle", "name.last.x", "nam*.la*", "*", "?ge", "n*e.*",
		"*e", "**", "*.*", "*z", "friends.#.nets", "friends.#.nets.#", "friends.#.nets.0", "friends.#.nope",
		"children.#.x", "name.#", "age.#", "age.0", "name.0", "#", "0", "#.x", "friends.#.nets.#.x",
		`friends.#(last=="Murphy").first`, `friends.#(last=="Murphy")#.first`, `friends.#(age>45)#.last`,
		`friends.#(first%"D*").last`, `friends.#(first!%"D*").last`, `friends.#(first!%"D*")#.last`,
		`friends.#(nets.#(=="fb"))#.first`, `friends.#(nets.#(=="ig")).first`, `friends.#(age<45).first`,
		`friends.#(age<=44).first`, `friends.#(age>=47)#.first`, `friends.#(age!=44)#.first`, `friends.#(age=68).first`,
		`friends.#(age==68).first`, `friends.#(last="Craig").age`, `friends.#(last==Craig).age`, `friends.#(nope==1).first`,
		`friends.#(first)#`, `friends.#(nope)#`, `friends.#(first)`, `friends.#(nope)`, `friends.#(age>100)#`, `friends.#(age>100)`,
		`children.#(=="Alex")`, `children.#(!="Alex")#`, `children.#(%"*a*")#`, `children.#(>"B")#`, `children.#(<"K")#`,
		`children.#(>="Jack")#`, `children.#(<="Alex")#`, `children.#(%"?l*")`, `children.#(=="Nope")`, `children.#(=="Nope")#`,
		`friends.#(last=="Murphy"`, `friends.#(`, `friends.#()`, `friends.#()#`, `friends.#[last=="Murphy"].first`,
		`friends.#(last=="Murphy")#.#`, `friends.#(last=="Murphy")#|#`, `friends.#(last=="Murphy")#|0`, `friends.#(last=="Murphy")#|0.first`,
		`friends.#(last=="Murphy")#.0`, `friends.#.first|0`, `friends.#.first.0`, `friends|0|first`, `friends|#`, `name|last`, `friends.0|first`,
		"friends.#.name.first", "friends.2.nets.#", "", ".", "..", "name.", ".name", "name..last", "age.", "children.", "children.#.",
		"@this", "@this.name.last", "@this|name|last", "name.@this", "name|@this|first", "@keys", "name|@keys", "name.@keys", "name|@values",
		"name.@values.0", "children|@keys", "age|@values", "age|@keys", "children|@reverse", "children.@reverse.0", "name|@reverse", "age|@reverse", "@valid",
		"name|@ugly", "name|@tostr", "children|@tostr", "name|@tostr|@fromstr", "age|@tostr", "age|@fromstr", "name.first|@fromstr",
		"@nope", "name.@nope", "name|@nope", "@", "name|@", "name.@first", "@this|@this|age", "@keys.0", "@keys.#", "@values.1", "children|@this:1|0",
		"friends.#.@this", "friends.#.nets|@flatten", "friends.#.nets.@flatten", "children|@flatten", "age|@flatten",
		"friends|@join", "children|@join", "age|@join", "{name.first,age}", "[name.first,age]", `{"x":name.first,"y":age}`, "{age", "[age", "[age,nope]", "{nope}",
		"{}", "[]", "name.[first,last]", "name.{first,last}", "friends.#.{first,age}", "friends.#.[first,age]", "[name.first,age].0", "{name.first,age}.first", "[name.first,age].#",
		`!"lit"`, "!5", "!true", "[!1,age]", "name.!5", "children|@pretty", "@dig:first", "name.fi\\rst", "name.first\\", "name\\.first", "friends.#(first==\"Da\\le\").age",
		"friends.#(first%\"D\\*\").age", "name.first.0", "name.first.#", "fav\\.m*", "fa*", "f?v\\.movie", "fav?movie", "FAV", "Name", "name.*t",
	}},
	{`{"a.b":"literal","a":{"b":"nested","c.d":{"e":"deep"}},"x":1}`, []string{
		"a.b", `a\.b`, "a.c.d", `a.c\.d`, `a.c\.d.e`, `a\\.b`, `a\`, "x", "x.y", "a.*", `a.c\.*`, `a?b`, `a*b`, `*b`, `a*`, `a\.*`, `\a.b`, `a.\b`,
	}},
	{`{"s":"text","e":"","t":true,"f":false,"n":null,"i":42,"neg":-7,"dec":1.5,"one":1.0,"exp":1e3,"big":9007199254740993,"huge":123456789012345678901234567890,"small":1e-7,"negzero":-0,"negdec":-0.50,"cap":2E+2,"o":{},"arr":[],"on":{"k":null},"an":[null,1,"x"]}`, []string{
		"s", "e", "t", "f", "n", "i", "neg", "dec", "one", "exp", "big", "huge", "small", "negzero", "negdec", "cap", "o", "arr", "on", "on.k", "an", "an.0", "an.1", "an.2", "an.3", "an.#", "arr.#", "arr.0", "o.k", "n.x", "t.x", "o.#", "e.x",
		"an.#(==null)", "an.#(==1)", `an.#(=="x")`, "an.#(~true)", "an.#(~false)#", "an.#(==~true)#", "an.#(==~false)#", "an.#(==~null)#", "an.#(!=1)#", "an.#(==~*)#",
	}},
	{`{"v":[{"a":true,"b":1},{"a":false,"b":2},{"a":null,"b":3},{"b":4},{"a":"true","b":5},{"a":0,"b":6},{"a":1,"b":7},{"a":"","b":8}]}`, []string{
		"v.#(a==true)#.b", "v.#(a==false)#.b", "v.#(a==null)#.b", "v.#(a!=true)#.b", "v.#(a==~true)#.b", "v.#(a==~false)#.b", "v.#(a==~null)#.b", "v.#(a==~*)#.b",
		"v.#(a!=~true)#.b", "v.#(a>true)#.b", "v.#(a<true)#.b", "v.#(a>=false)#.b", `v.#(a=="true")#.b`, `v.#(a=="")#.b`, "v.#(a==)#.b", "v.#(a==0)#.b", "v.#(b>3)#.b", "v.#(b>=3).b", "v.#(b<\"3\")#.b", "v.#(b%3)#.b",
		"v.#( b == 3 )#.b", "v.#(b==3.0).b", "v.#(b==03).b", "v.#(b)#.a",
	}},
	{`{"ключ":"значение","emoji":"😀","esc":"tab\tnl\nq\"b\\s\/u\u00e9","sur":"\ud83d\ude00","lone":"\ud800x","bad":"\q","nul":"\u0000z","k\u0065y":"escaped name","a\"b":"quoted","a\\b":"back","é":1,"html":"<a>&'</a>","u2028":"\u2028"}`, []string{
		"ключ", "к*", "к???", "emoji", "esc", "sur", "lone", "bad", "nul", "key", `k\u0065y`, `a"b`, `a\\b`, "é", "?", "html", "u2028", "*мо", "emo*",
	}},
	{`{"dup":1,"dup":2,"d":{"x":1},"d":{"y":2}}`, []string{"dup", "d.x", "d.y", "d", "du*"}},
	{`["a","b",{"c":[1,2,[3,4]]}]`, []string{"0", "1", "2", "2.c", "2.c.2", "2.c.2.1", "3", "#", "#.c", "#.c.#", "2.c.#", "-1", "1e0", "00", "+1", "#.0", "@this.0", "..0", "..#", "#(==\"b\")", "#(c)", "2.c.#(>1)#", "2.*", "*"}},
	{`"just text"`, []string{"x", "0", "#", "@this", "", "*", "@tostr"}},
	{`12`, []string{"x", "0", "@this", "#", "*"}},
	{`null`, []string{"x", "@this", "0"}},
	{``, []string{"x", "@this", "#", "*"}},
	{`plain text, no JSON`, []string{"x", "plain", "0", "#", "@this", "*", "@valid"}},
	{"  \n\t{ \"a\" : { \"b\" : [ 1 , 2 ] } , \"c\" : \"d\" }  ", []string{"a", "a.b", "a.b.1", "a.b.#", "c", "@this", "a|@ugly", "@values", "@keys", "a.b|@reverse", "a.b|@tostr", "*"}},
	{"{\"a\":1}\n{\"a\":2}\n{\"a\":3}", []string{"..#", "..1", "..1.a", "..#.a", "..#(a==2).a", "a", "..3", "..9.a"}},
	{`{"a":"b",}`, []string{"a", "b", "*"}},
	{`{"a":"b"`, []string{"a", "b"}},
	{`{"a":"b","c":"trunc`, []string{"a", "c", "d"}},
	{`{"a":{"b":1,"c"`, []string{"a", "a.b", "a.c"}},
	{"{\"pem\":\"-----BEGIN\nraw newline\n-----END\",\"x\":1}", []string{"pem", "x"}},
	{`{'a':1}`, []string{"a"}},
	{`{"":"empty name","x":{"":"inner"}}`, []string{"", "x.", `x.\`, "x.*", "*"}},
	{`{"@this":"at","#":"hash","*":"star","a|b":"bar","!x":"bang","{y":"brace","[z":"bracket","?":"q","a b":"space","1":"one"}`, []string{
		`\@this`, `\#`, `\*`, `a\|b`, `\!x`, `\{y`, `\[z`, `\?`, "a b", "1", "@this|1", "#", "*", "a|b",
	}},
	{`[[1,2],[3,[4,5]],6]`, []string{"@flatten", "#.#", "#.0", "1.1.0", "1.#", "@reverse", "@reverse.0", "#.1.0", `@flatten:{"deep":true}`, "@join", "@keys", "@values"}},
	{`[{"a":1,"b":2},{"a":3,"c":4}]`, []string{"@join", `@join:{"preserve":true}`, "#.a", "#.b", "#.{a,c}", "#.a|@reverse", "#(b).a", "#(c).a", "@group", "@this.#.a", "#.@keys", "#.@values.0"}},
	{`{"a":"{\"b\":\"c\"}","n":"12","bad":"{"}`, []string{"a|@fromstr|b", "a.@fromstr.b", "n|@fromstr", "bad|@fromstr", "a.b", "a|@tostr"}},
}

var documents = []string{
	`{}`, `{"b":1,"a":2}`, `{"k":"<a>&\u2028\u2029'\"\\/"}`, `{"n":1.0,"m":1e3,"big":12345678901234567890,"neg":-0.0}`,
	`{"o":{"z":[1,{"y":true,"x":null}],"a":{}},"l":[]}`, `{"u":"é😀ключ","esc":"\t\n\r\b\f\u0001\u007f"}`,
	`{"dup":1,"dup":"two"}`, `{"lone":"\ud800","pair":"\ud83d\ude00"}`, ` { "sp" : [ 1 , 2 ] } `, `{"":"","<":"&"}`,
	`{"B":1,"a":2,"ä":3,"A":4,"_":5}`, `{"nested":{"d":1,"d":{"x":1}}}`,
}

var numbers = []string{
	`0`, `1`, `-1`, `1.0`, `1.5`, `-0`, `-0.0`, `0.1`, `1e3`, `1E3`, `1e-3`, `123456.789`, `1e-7`, `1e-6`, `0.000001`, `1.25e-8`,
	`1e20`, `1e21`, `1.5e21`, `9007199254740992`, `1700000000`, `100000000000000000000`, `3.14e2`, `5e-324`, `1.7976931348623157e308`,
}

func main() {
	out := golden{Generated: "by crates/eso-plan/tests/golden/property/main.go; run `cargo xtask codegen property` to write it again"}
	for _, group := range groups {
		for _, path := range group.paths {
			result := gjson.Get(group.json, path)
			out.Paths = append(out.Paths, probe{group.json, path, result.Exists(), result.String()})
		}
	}
	for _, text := range documents {
		out.Documents = append(out.Documents, vault(text, true))
		out.Members = append(out.Members, vault(text, false))
	}
	for _, number := range numbers {
		out.Members = append(out.Members, vault(fmt.Sprintf(`{"top":%s,"in":[%s]}`, number, number), false))
	}
	out.Sets = sets()
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(out); err != nil {
		panic(err)
	}
}

// vault decodes a document as Vault's provider does for a look-up (useNumber), or for extract, and writes it out again.
func vault(text string, useNumber bool) document {
	decoder := json.NewDecoder(strings.NewReader(text))
	if useNumber {
		decoder.UseNumber()
	}
	var data map[string]any
	if err := decoder.Decode(&data); err != nil {
		panic(err)
	}
	marshalled, err := json.Marshal(data)
	if err != nil {
		panic(err)
	}
	members := map[string]string{}
	for name, value := range data {
		members[name] = member(value)
	}
	return document{text, string(marshalled), members}
}

// member is the original's esutils.GetByteValue.
func member(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case float64:
		return strconv.FormatFloat(value, 'f', -1, 64)
	case json.Number:
		return value.String()
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
