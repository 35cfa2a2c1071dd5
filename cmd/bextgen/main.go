// Bextgen is a compiler for durable flows: it checks the flow files of a folder
// and writes typed Go for them.
package main

import "os"

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }
