package sqlite_test

import (
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/bextgen/bextgen/runtime/store"
	"github.com/bextgen/bextgen/runtime/store/sqlite"
	"github.com/bextgen/bextgen/runtime/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	storetest.Run(t, newFile)
	storetest.RunSQL(t, newFile)
	storetest.RunFeed(t, newFile)
}

// newFile opens a new file, as often as it is asked to.
func newFile(t *testing.T) storetest.Open {
	path := filepath.Join(t.TempDir(), "test.db")
	return func(t *testing.T) store.Store {
		s, err := sqlite.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return s
	}
}
