// Command oracle renders templates with Go's own text/template and sprig, for the golden files of eso-template.
//
// `cargo xtask codegen templates` and `cargo xtask fuzz templates` run it. Its argument is a file with the data; it
// reads a request a line from its input, as JSON, and writes an answer a line. A request may also be a regular
// expression, or YAML that is a map of strings. With `-bench FILE` it renders that
// template 10,000 times instead, and prints the nanoseconds that one rendering took; with `-names` it prints the names of
// its functions, without those of Go itself.
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"text/template"
	"time"
	"unicode/utf8"

	"github.com/Masterminds/sprig/v3"
	"sigs.k8s.io/yaml"
)

type request struct {
	Template   string   `json:"t"`
	MissingKey string   `json:"missingkey,omitempty"`
	Delimiters []string `json:"delimiters,omitempty"`
	// As says what the text is where it is no template: "regexp" or "strings".
	As string `json:"as,omitempty"`
}

type answer struct {
	request
	// Text is what was rendered.
	Text *string `json:"ok,omitempty"`
	// Bytes is what was rendered where it is no UTF-8, in base64.
	Bytes *string `json:"ok64,omitempty"`
	// Failed says that it could not be parsed or rendered.
	Failed bool `json:"err,omitempty"`
}

func main() {
	bench := flag.String("bench", "", "a template to render 10,000 times")
	why := flag.Bool("why", false, "say on standard error why a template fails")
	names := flag.Bool("names", false, "print the names of the functions")
	flag.Parse()
	if *names {
		fmt.Println(strings.Join(slices.Sorted(maps.Keys(functions())), "\n"))
		return
	}
	data := read(flag.Arg(0))
	if *bench != "" {
		measure(*bench, data)
		return
	}
	lines := bufio.NewReader(os.Stdin)
	output := json.NewEncoder(os.Stdout)
	output.SetEscapeHTML(false)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var asked request
		must(json.Unmarshal(line, &asked))
		answered, err := render(asked, data)
		if *why && err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		must(output.Encode(answered))
	}
}

func render(asked request, data map[string]string) (answer, error) {
	var written bytes.Buffer
	var err error
	switch asked.As {
	case "regexp":
		compile(&written, asked.Template)
	case "strings":
		err = unmarshal(&written, asked.Template)
	default:
		err = execute(&written, asked, data)
	}
	text := written.String()
	switch {
	case err != nil:
		return answer{request: asked, Failed: true}, err
	case utf8.ValidString(text):
		return answer{request: asked, Text: &text}, nil
	default:
		encoded := base64.StdEncoding.EncodeToString(written.Bytes())
		return answer{request: asked, Bytes: &encoded}, nil
	}
}

func execute(written *bytes.Buffer, asked request, data map[string]string) error {
	parsed, err := parse(asked)
	if err != nil {
		return err
	}
	return parsed.Execute(written, data)
}

// compile writes what is wrong with a regular expression; nothing where it is one.
func compile(written *bytes.Buffer, pattern string) {
	if _, err := regexp.Compile(pattern); err != nil {
		written.WriteString(err.Error())
	}
}

// unmarshal writes what is read of YAML into a map of strings, as JSON.
func unmarshal(written *bytes.Buffer, text string) error {
	read := map[string]string{}
	if err := yaml.Unmarshal([]byte(text), &read); err != nil {
		return err
	}
	output := json.NewEncoder(written)
	output.SetEscapeHTML(false)
	return output.Encode(read)
}

func parse(asked request) (*template.Template, error) {
	empty := template.New("template").Funcs(functions())
	missing := "error"
	if asked.MissingKey != "" {
		missing = asked.MissingKey
	}
	if len(asked.Delimiters) == 2 {
		empty = empty.Delims(asked.Delimiters[0], asked.Delimiters[1])
	}
	return empty.Option("missingkey=" + missing).Parse(asked.Template)
}

// functions are sprig's without those that look at the machine, and those of the original that are a line or two.
func functions() template.FuncMap {
	all := sprig.TxtFuncMap()
	for _, name := range []string{"env", "expandenv", "getHostByName"} {
		delete(all, name)
	}
	all["hexdec"] = func(text string) string {
		decoded, err := hex.DecodeString(text)
		if err != nil {
			return err.Error()
		}
		return string(decoded)
	}
	all["toYaml"] = func(value any) string {
		written, err := yaml.Marshal(value)
		if err != nil {
			return ""
		}
		return strings.TrimSuffix(string(written), "\n")
	}
	all["fromYaml"] = func(text string) map[string]any {
		read := map[string]any{}
		if err := yaml.Unmarshal([]byte(text), &read); err != nil {
			read["Error"] = err.Error()
		}
		return read
	}
	return all
}

// read reads the data. A text that begins with "base64:" stands for the bytes that follow.
func read(path string) map[string]string {
	content, err := os.ReadFile(path)
	must(err)
	data := map[string]string{}
	must(json.Unmarshal(content, &data))
	for name, text := range data {
		if encoded, marked := strings.CutPrefix(text, "base64:"); marked {
			decoded, err := base64.StdEncoding.DecodeString(encoded)
			must(err)
			data[name] = string(decoded)
		}
	}
	return data
}

func measure(path string, data map[string]string) {
	content, err := os.ReadFile(path)
	must(err)
	parsed, err := parse(request{Template: string(content)})
	must(err)
	const times = 10_000
	began := time.Now()
	for range times {
		var written bytes.Buffer
		must(parsed.Execute(&written, data))
	}
	fmt.Println(time.Since(began).Nanoseconds() / times)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
