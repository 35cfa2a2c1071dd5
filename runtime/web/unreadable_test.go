package web_test

import (
	"bytes"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/store/encrypted"
	"github.com/bextgen/bextgen/runtime/store/memory"
	"github.com/bextgen/bextgen/runtime/store/sqlite"
	"github.com/bextgen/bextgen/runtime/web"
)

// Who looks at encrypted runs without the key, as studio does with a file, is told so, and can end what
// does harm. Who may not see them is not told that they are there.
func TestRunsThatCannotBeRead(t *testing.T) {
	codec, err := encrypted.NewAES(encrypted.Key{ID: "k1", Secret: bytes.Repeat([]byte("x"), 32)})
	if err != nil {
		t.Fatal(err)
	}
	data := memory.New()
	owner := newSiteOf(t, data.Open(), []runtime.Option{runtime.WithCodec(codec)})
	failed := owner.start(`{"orderId":"o1","count":13}`)
	owner.until(failed, "failed")
	waiting := owner.start(`{"orderId":"o2","ask":true}`)
	owner.until(waiting, "waiting")

	s := newSiteOn(t, data.Open())
	html := []string{"Accept", "text/html"}
	for _, id := range []string{failed, waiting} {
		if p := s.get("/admin/flows/" + id).problem(500); !strings.Contains(p.Detail, `encrypted with the key "k1"`) {
			t.Errorf("of a run it says %+v", p)
		}
		if a := s.do("GET", "/admin/flows/"+id, "", html...).is(500); !strings.Contains(string(a.body), "runtime.WithCodec") {
			t.Errorf("the page of a run is %s", a.body)
		}
		if a := s.get("/flows/" + id + "/stream").is(200); !strings.Contains(string(a.body), "event: reset") || !strings.Contains(string(a.body), "k1") {
			t.Errorf("the stream of a run is %s", a.body)
		}
	}
	s.do("GET", "/admin/definitions/order", "", html...).is(200)
	s.do("GET", "/admin/flows", "", html...).is(200)
	s.do("POST", "/admin/flows/"+failed+"/retry", "").problem(500)
	s.do("POST", "/admin/flows/"+waiting+"/cancel", `{"reason":"no key"}`).is(200)
	owner.until(waiting, "cancelled")

	s.is(web.Principal{Name: "eve", May: web.MayRead | web.MayStart | web.MayOperate, Tenants: []string{"evil"}})
	s.get("/admin/flows/" + failed).problem(404)
	s.get("/flows/" + failed + "/stream").problem(404)
	s.do("DELETE", "/admin/flows/"+failed, "").problem(404)
	s.is(web.Operator("ops"))
	s.do("DELETE", "/admin/flows/"+failed, "").is(200)
}

// A damaged run is said to be, and keeps neither the page of its flow nor the events of others from being read.
func TestARunThatIsDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs.db")
	st, err := sqlite.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	s := newSiteOn(t, st)
	id := s.start(`{"orderId":"o1"}`)
	s.until(id, "completed")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), `UPDATE log SET output = '{"id":"ch_o2"}' WHERE step = 'charge'`); err != nil {
		t.Fatal(err)
	}
	if p := s.get("/admin/flows/" + id).problem(500); !strings.Contains(p.Detail, "damaged") {
		t.Errorf("of the run it says %+v", p)
	}
	if a := s.get("/flows/" + id + "/stream").is(200); !strings.Contains(string(a.body), "damaged") {
		t.Errorf("the stream of the run is %s", a.body)
	}
	s.do("GET", "/admin/definitions/order", "", "Accept", "text/html").is(200)
}
