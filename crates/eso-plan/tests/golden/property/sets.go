package main

import "github.com/tidwall/sjson"

// set is what sjson makes of a JSON text, a path and a string, as AWS's provider asks it.
type set struct {
	JSON   string `json:"json"`
	Path   string `json:"path"`
	Value  string `json:"value"`
	Result string `json:"result"`
	Error  string `json:"error,omitempty"`
}

var setGroups = []group{
	{``, []string{"a", "a.b", "a.0", "a.2.b", "0", "2", "a\\.b", "a\\.b.c", ":1", "a.:1", "a.:1.b", "0.0", "0.a.1", "é", "a\"b", "a b", "a\\\\b", "<a>", "a.-x", "x.007", "a\\*b", "a:b"}},
	{"  \n ", []string{"a", "0", "a.b"}},
	{`{}`, []string{"a", "a.b.c", "a.1", "1"}},
	{` { } `, []string{"a", "a.b"}},
	{`{"a":"x"}`, []string{"a", "b", "a.b", "a.0", "a.b.c", "b.c"}},
	{`{"a":{"b":"x","c":[1,2,{"d":true}]},"e":null,"f":1.50}`, []string{
		"a", "a.b", "a.c", "a.c.0", "a.c.2", "a.c.2.d", "a.c.2.x", "a.c.3", "a.c.5", "a.c.5.z", "a.c.x", "a.c.:1", "a.c.:9", "a.c.x.y", "e", "e.x", "f", "f.x", "e.1", "g.h",
	}},
	{"{\n  \"a\" : 1 ,\n  \"b\" : { \"c\" : \"d\" } \n}\n", []string{"a", "b", "b.c", "b.x", "x", "x.y"}},
	{`{"a.b":1,"a":{"b":2},"x\"y":3,"k\u0065y":4}`, []string{"a.b", "a\\.b", "x\"y", "key", "a\\b"}},
	{`{"dup":1,"dup":2}`, []string{"dup"}},
	{`[]`, []string{"0", "2", "a", "0.a", ":0"}},
	{`[ ]`, []string{"0", "1"}},
	{` [1, "two" ,3] `, []string{"0", "1", "3", "5", "1.a", "x", "3.x"}},
	{`"text"`, []string{"a", "0", "a.b"}},
	{`5`, []string{"a", "1"}},
	{`null`, []string{"a"}},
	{`{"a":[]}`, []string{"a.0", "a.1", "a.0.b"}},
	{`{"0":"zero"}`, []string{"0", "1", ":0", "0.1"}},
	{`{"a|b":1,"c#d":2,"e@f":3,"g*h":4,"i?j":5}`, []string{"a\\|b", "c\\#d", "e\\@f", "g\\*h", "i\\?j"}},
}

var setValues = []string{
	"v", "", "a\"b\\c\n\t\u0001", "<a>&'", "é<&>", "\u2028", "{\"json\":true}", "😀", "\u007f", "12",
}

func sets() []set {
	var sets []set
	for _, group := range setGroups {
		for _, path := range group.paths {
			sets = append(sets, setOf(group.json, path, "v"))
		}
	}
	for _, value := range setValues {
		sets = append(sets, setOf(`{"a":1}`, "a", value), setOf("", "b.c", value))
	}
	return sets
}

func setOf(text, path, value string) set {
	made, err := sjson.SetBytes([]byte(text), path, []byte(value))
	result := set{JSON: text, Path: path, Value: value, Result: string(made)}
	if err != nil {
		result.Result, result.Error = "", err.Error()
	}
	return result
}
