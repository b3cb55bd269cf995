// What lodash makes of the templates that `convert::legacy::template` is held against, and which properties it finds:
//   npm install && node main.js > golden.json
'use strict'
const { get, hasIn, template } = require('lodash')
const yaml = require('js-yaml')

const data = {
  user: 'ada', empty: '', html: `<a href="x">it's & more</a>`, unicode: 'pässword ✓', 'tls.crt': 'PEM', 'a-b': 'dash',
  encoded: 'YWRhOnNlY3JldA==', multi: 'one\ntwo\n',
  json: JSON.stringify({
    user: { name: 'ada', 'first-name': 'Ada' }, list: ['x', { y: 'z' }], port: 5432, big: 1000000, half: 0.5,
    tiny: 1e-7, huge: 1e21, yes: true, no: false, nothing: null, blank: '', cert: 'UEVN', amp: '<&>', nested: '{"k":"v"}'
  })
}

const templates = [
  '', 'plain', 'no <tag> and $HOME and {single}', '<%= data.user %>', '<%=data.user%>', '<%=\n  data.user\n%>',
  'a<%= data.user %>b<%= data.empty %>c', "<%= data['tls.crt'] %>", '<%= data["a-b"] %>', '${data.user}',
  '${ data.user }@host', '<%- data.html %>', '<%= data.html %>', '<%- data.unicode %>|<%= data.unicode %>', '${}',
  '{{ .user }}', '{{<%= data.user %>}}', '{<%= data.user %>}', '{"user":"<%= data.user %>"}', '{{- x -}} {{/* no */}}',
  '<%= data.user %> }} {', '{', '{{', '{{{', 'a <% b', '<%', '%> <%= data.user %> %>', '$ {x}', '$data.user',
  '<%= JSON.parse(data.json).user.name %>', "<%= JSON.parse(data.json).user['first-name'] %>",
  '<%= JSON.parse(data.json).list[0] %>', '<%= JSON.parse(data.json).list[1].y %>', '<%= JSON.parse(data.json)["port"] %>',
  '<%= JSON.parse(data.json).big %>', '<%= JSON.parse(data.json).half %>', '<%= JSON.parse(data.json).tiny %>',
  '<%= JSON.parse(data.json).huge %>', '<%= JSON.parse(data.json).yes %>', '<%= JSON.parse(data.json).no %>',
  '<%= JSON.parse(data.json).nothing %>', '<%= JSON.parse(data.json).blank %>', '<%- JSON.parse(data.json).amp %>',
  '<%- JSON.parse(data.json).nothing %>', '<%= JSON.parse(JSON.parse(data.json).nested).k %>',
  '${JSON.parse(data.json).user.name}:${JSON.parse(data.json).port}',
  "<%= Buffer.from(data.encoded, 'base64').toString() %>", '<%= Buffer.from(data.encoded, "base64").toString("utf8") %>',
  "<%= Buffer.from(data.encoded, 'base64').toString('utf-8') %>", "<%= Buffer.from(data.encoded, 'base64') %>",
  "<%= Buffer.from(data.user).toString('base64') %>", "<%= Buffer.from(data.unicode, 'utf8').toString('base64') %>",
  "<%= Buffer.from(JSON.parse(data.json).cert, 'base64').toString('ascii') %>", '<%= btoa(data.user) %>',
  '<%= atob(data.encoded) %>', '<%= (data.user) %>', '<%= JSON.stringify(data.user) %>',
  '<%= JSON.stringify(data.html) %>'
]
const ofJson = ['<%= JSON.stringify(JSON.parse(data.json)) %>', '<%= JSON.stringify(JSON.parse(data.json).user) %>',
  '<%= JSON.stringify(data) %>', '<%= JSON.stringify(JSON.parse(data.json).list) %>']
const ofYaml = ['<%= yaml.dump(JSON.parse(data.json)) %>', '<%= yaml.dump(JSON.parse(data.json).list) %>',
  '<%= yaml.dump(data) %>', 'a: <%= yaml.dump(data.user) %>b: c\n', '<%= yaml.safeDump(JSON.parse(data.json).user) %>']

const render = text => template(text, { imports: { yaml }, variable: 'data' })(data)
const rendered = texts => texts.map(text => ({ template: text, gives: render(text) }))

const value = {
  plain: 'a', 'with.dot': 'b', nested: { name: 'c', 'a.b': 'd', list: ['e', { f: 'g' }, ['h']] }, 'x y': 'i', 'a[0]': 'j',
  'star*': 'k', 'q?': 'l', 'pipe|': 'm', 'hash#': 'n', '@at': 'o', '!no': 'p', '{brace}': 'q', '(paren)': 'r', 'back\\slash': 's',
  'ünïcode': 't', '0': 'u', 'quote"': 'v', "single'": 'w', '..': 'x', 'colon:': 'y', 'eq=%<>~': 'z', '[': '1', ']': '2', '[[': '3'
}
const paths = ['plain', 'with.dot', 'nested.name', 'nested["a.b"]', "nested['a.b']", 'nested.list[0]', 'nested.list[1].f',
  'nested.list.0', 'nested.list[2][0]', 'nested[list][0]', 'nested.list["0"]', 'nested.list[-1]', 'nested.list[9]', 'x y',
  'star*', 'q?', 'pipe|', 'hash#', '@at', '!no', '{brace}', '(paren)', 'back\\slash', 'ünïcode', '0', '[0]', 'quote"',
  '["quote\\""]', "single'", 'colon:', 'eq=%<>~', '["star*"]', '[', ']', '[[', 'missing', 'nested.missing', 'plain.name', 'nest*',
  'nested.list.#', 'nested|name', 'nested.list[0', 'nested.list]0']
const found = path => hasIn(value, path) ? { path, gives: String(get(value, path)) } : { path }

const golden = {
  data, templates: rendered(templates), json: rendered(ofJson), yaml: rendered(ofYaml), value, paths: paths.map(found)
}
console.log(JSON.stringify(golden, null, 1))
