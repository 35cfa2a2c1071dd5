package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

// This file reads the pages of Markdown that people read, and follows their links.
// What stands in their blocks of code is held in snippets_test.go.

// pageRoot is where the pages are.
const pageRoot = "../.."

// A page is one of them.
type page struct {
	path   string // from the root of the repository
	blocks []block
	prose  string // all that is in no block of code and no comment
}

// A block is a fenced block of code.
type block struct {
	line    int    // of its first line in the page
	lang    string // what stands behind the fence
	text    string
	before  string // the comment right before it, without its marks
	section string // of the comment `<!-- package: NAME -->` above it; the page's own without one
}

// readPages reads README.md, CONTRIBUTING.md and what is in docs.
func readPages(t *testing.T) []page {
	t.Helper()
	paths := []string{"README.md", "CONTRIBUTING.md"}
	root := os.DirFS(pageRoot)
	err := fs.WalkDir(root, "docs", func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".md") {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var pages []page
	for _, path := range paths {
		text, err := fs.ReadFile(root, path)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, readPage(path, string(text)))
	}
	return pages
}

// readPage takes a page apart.
func readPage(path, text string) page {
	p := page{path: path}
	var prose, comment strings.Builder
	var open *block
	inComment, section, before := false, "", ""
	for i, line := range strings.Split(text, "\n") {
		fence, isFence := strings.CutPrefix(line, "```")
		switch {
		case open != nil && isFence:
			p.blocks = append(p.blocks, *open)
			open = nil
		case open != nil:
			open.text += line + "\n"
		case isFence:
			open = &block{line: i + 2, lang: fence, before: before, section: section}
			before = ""
		case inComment || strings.HasPrefix(line, "<!--"):
			comment.WriteString(strings.TrimSuffix(strings.TrimPrefix(line, "<!--"), "-->") + "\n")
			if inComment = !strings.HasSuffix(line, "-->"); inComment {
				continue
			}
			before = strings.TrimSpace(comment.String())
			comment.Reset()
			if name, ok := strings.CutPrefix(before, "package: "); ok {
				section, before = name, ""
			}
		default:
			before = ""
			prose.WriteString(line + "\n")
		}
	}
	p.prose = prose.String()
	return p
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	code    = regexp.MustCompile("`[^`\n]*`")
)

// TestLinks follows each link that is relative, also to a heading.
func TestLinks(t *testing.T) {
	pages := readPages(t)
	headings := map[string][]string{}
	for _, p := range pages {
		for _, m := range heading.FindAllStringSubmatch(p.prose, -1) {
			headings[p.path] = append(headings[p.path], anchor(m[1]))
		}
	}
	linked := map[string]bool{}
	for _, p := range pages {
		for _, m := range link.FindAllStringSubmatch(code.ReplaceAllString(p.prose, ""), -1) {
			target := m[1] + m[2]
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			name, place, _ := strings.Cut(target, "#")
			path := p.path
			if name != "" {
				path = filepath.ToSlash(filepath.Join(filepath.Dir(p.path), name))
			}
			if p.path == "docs/README.md" {
				linked[path] = true
			}
			if _, err := os.Stat(filepath.Join(pageRoot, path)); err != nil {
				t.Errorf("%s links to %s, which is not there", p.path, target)
			} else if place != "" && !slices.Contains(headings[path], place) {
				t.Errorf("%s links to %s: %s has no such heading, only %v", p.path, target, path, headings[path])
			}
		}
	}
	for _, p := range pages {
		if filepath.Dir(p.path) == "docs" && p.path != "docs/README.md" && !linked[p.path] {
			t.Errorf("docs/README.md does not link to %s", p.path)
		}
	}
}

// anchor is how GitHub names the place of a heading.
func anchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
}

// TestOptionsPage holds that docs/running.md lists the options of runtime.New.
func TestOptionsPage(t *testing.T) {
	files, err := filepath.Glob(pageRoot + "/runtime/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var options []string
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^func (With\w+)\(.*\) Option \{`).FindAllStringSubmatch(string(text), -1) {
			options = append(options, m[1])
		}
	}
	text, err := os.ReadFile(pageRoot + "/docs/running.md")
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, m := range regexp.MustCompile("(?m)^\\| `(With\\w+)").FindAllStringSubmatch(string(text), -1) {
		listed = append(listed, m[1])
	}
	slices.Sort(options)
	slices.Sort(listed)
	if diff := cmp.Diff(listed, options); diff != "" {
		t.Errorf("docs/running.md does not list the options that there are (-docs +code):\n%s", diff)
	}
}
