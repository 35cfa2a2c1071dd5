package diag

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
)

// This file writes diagnostics for programs.

// Formats are the names that Write takes.
func Formats() []string { return []string{"text", "json", "sarif", "github"} }

// Write writes a list in a format: text is that of String, json an array, sarif SARIF
// 2.1.0 (OASIS, 2020) and github the workflow commands of GitHub Actions.
func (l List) Write(w io.Writer, format string) error {
	switch format {
	case "text":
		_, err := io.WriteString(w, l.String())
		return err
	case "json":
		return writeJSON(w, l.forJSON())
	case "sarif":
		return writeJSON(w, l.forSARIF())
	case "github":
		_, err := io.WriteString(w, l.forGitHub())
		return err
	}
	return fmt.Errorf("the format %q is none of %s", format, strings.Join(Formats(), ", "))
}

func writeJSON(w io.Writer, v any) error {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(v)
}

// jsonPlace is a place in JSON; line and column are missing where there is none.
type jsonPlace struct {
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Message string `json:"message"`
}

type jsonDiagnostic struct {
	Code Code `json:"code"`
	jsonPlace
	Related []jsonPlace `json:"related,omitempty"`
}

func (l List) forJSON() []jsonDiagnostic {
	all := make([]jsonDiagnostic, len(l))
	for i, d := range l {
		all[i] = jsonDiagnostic{Code: d.Code, jsonPlace: jsonPlace{d.File, d.Line, d.Column, d.Message}}
		for _, r := range d.Related {
			all[i].Related = append(all[i].Related, jsonPlace(r))
		}
	}
	return all
}

// What follows is the part of SARIF that is used.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID               Code      `json:"id"`
		ShortDescription sarifText `json:"shortDescription"`
		Help             sarifText `json:"help"`
	}
	sarifText struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown,omitempty"`
	}
	sarifResult struct {
		RuleID           Code            `json:"ruleId"`
		Level            string          `json:"level"`
		Message          sarifText       `json:"message"`
		Locations        []sarifLocation `json:"locations,omitempty"`
		RelatedLocations []sarifLocation `json:"relatedLocations,omitempty"`
	}
	sarifLocation struct {
		PhysicalLocation sarifPlace `json:"physicalLocation"`
		Message          *sarifText `json:"message,omitempty"`
	}
	sarifPlace struct {
		ArtifactLocation sarifFile    `json:"artifactLocation"`
		Region           *sarifRegion `json:"region,omitempty"`
	}
	sarifFile struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn"`
	}
)

func (l List) forSARIF() sarifLog {
	run := sarifRun{
		Tool: sarifTool{sarifDriver{
			Name: "bextgen", InformationURI: "https://github.com/bextgen/bextgen", Rules: []sarifRule{},
		}},
		ColumnKind: "unicodeCodePoints", Results: []sarifResult{},
	}
	used := map[Code]bool{}
	for _, d := range l {
		used[d.Code] = true
		result := sarifResult{RuleID: d.Code, Level: "error", Message: sarifText{Text: d.Message}}
		if d.File != "" {
			result.Locations = []sarifLocation{sarifAt(d.File, d.Line, d.Column)}
		}
		for _, r := range d.Related {
			at := sarifAt(r.File, r.Line, r.Column)
			at.Message = &sarifText{Text: r.Message}
			result.RelatedLocations = append(result.RelatedLocations, at)
		}
		run.Results = append(run.Results, result)
	}
	titles := Titles()
	for code := range used {
		page, _ := Explanation(code)
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{code, sarifText{Text: titles[code]}, sarifText{Text: page, Markdown: page}})
	}
	slices.SortFunc(run.Tool.Driver.Rules, func(a, b sarifRule) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}}
}

func sarifAt(file string, line, column int) sarifLocation {
	at := sarifLocation{PhysicalLocation: sarifPlace{ArtifactLocation: sarifFile{uri(file)}}}
	if line > 0 {
		at.PhysicalLocation.Region = &sarifRegion{line, column}
	}
	return at
}

// uri is a file's path as a relative reference (RFC 3986).
func uri(path string) string {
	return (&url.URL{Path: strings.ReplaceAll(path, `\`, "/")}).EscapedPath()
}

// forGitHub is a command for each diagnostic. Within one, what ends a property or the line is escaped.
func (l List) forGitHub() string {
	message := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	var b strings.Builder
	for _, d := range l {
		b.WriteString("::error ")
		if d.File != "" {
			fmt.Fprintf(&b, "file=%s,", property.Replace(d.File))
		}
		if d.Line > 0 {
			fmt.Fprintf(&b, "line=%d,col=%d,", d.Line, d.Column)
		}
		text := d.Message
		for _, r := range d.Related {
			text += "\n" + r.String()
		}
		fmt.Fprintf(&b, "title=%s::%s\n", d.Code, message.Replace(text))
	}
	return b.String()
}
