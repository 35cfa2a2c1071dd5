// What `bextgen init` begins a program with.

package templates

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed scaffold
var scaffold embed.FS

// Scaffold is a small flow with its handlers and a test, as files of a Go package of this
// name; with a program, if that is main. The Go of the flow is not among them.
func Scaffold(packageName string) ([]File, error) {
	names := []string{"welcome.flow.yaml", "handlers.go", "welcome_test.go"}
	if packageName == "main" {
		names = append(names, "main.go")
	}
	var files []File
	for _, name := range names {
		source := name
		if strings.HasSuffix(name, ".go") {
			source += ".tmpl" // it does not compile here, without what is generated
		}
		content, err := scaffold.ReadFile("scaffold/" + source)
		if err != nil {
			return nil, fmt.Errorf("the scaffold %s: %w", name, err)
		}
		text := strings.Replace(string(content), "package PACKAGE", "package "+packageName, 1)
		files = append(files, File{Name: name, Content: []byte(text)})
	}
	return files, nil
}
