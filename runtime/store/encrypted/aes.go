package encrypted

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
)

// Key is a secret, by which payloads are encrypted, and its name.
type Key struct {
	// ID stands in clear beside all that is encrypted with the key: 1 to 64 letters,
	// digits, dots, dashes and underscores. It is never used for another key.
	ID string
	// Secret is 32 random bytes.
	Secret []byte
}

// AES is a Codec with AES-256-GCM. Each run has keys of its own, made of the secret and the
// run's id, and nonces are made of what is sealed and where it stands; why, is in
// docs/decisions/0013-payloads-are-encrypted-in-front-of-the-store.md.
type AES struct {
	newest string
	keys   map[string][]byte

	mu   sync.Mutex
	made map[string]*runKeys
}

// NewAES is a Codec that encrypts with the newest key, and decrypts with any. It returns an
// error for a secret that has not 32 bytes, and for an id that is not one or is there twice.
func NewAES(newest Key, older ...Key) (*AES, error) {
	a := &AES{newest: newest.ID, keys: map[string][]byte{}, made: map[string]*runKeys{}}
	for _, k := range append([]Key{newest}, older...) {
		if !keyIDs.MatchString(k.ID) {
			return nil, fmt.Errorf("encryption key: the id %q is not 1 to 64 letters, digits, dots, dashes and underscores", k.ID)
		}
		if a.keys[k.ID] != nil {
			return nil, fmt.Errorf("encryption key %s is there twice", k.ID)
		}
		if len(k.Secret) != secretSize {
			return nil, fmt.Errorf("encryption key %s has %d bytes; make one of %d random bytes", k.ID, len(k.Secret), secretSize)
		}
		a.keys[k.ID] = append([]byte(nil), k.Secret...)
	}
	return a, nil
}

const secretSize = 32

// errNoKeys is the answer of a nil codec: it must not be taken for leave to encrypt nothing.
var errNoKeys = errors.New("the codec is nil; NewAES has returned an error instead of one")

// Seal implements Codec.
func (a *AES) Seal(at Place, plain []byte) (keyID string, sealed []byte, err error) {
	if a == nil {
		return "", nil, errNoKeys
	}
	keys, err := a.keysOf(at.Run, a.newest)
	if err != nil {
		return "", nil, err
	}
	nonce := nonceOf(keys.nonceKey, at.What, plain)[:keys.aead.NonceSize()]
	sealed = make([]byte, len(nonce), len(nonce)+len(plain)+keys.aead.Overhead())
	copy(sealed, nonce)
	return a.newest, keys.aead.Seal(sealed, nonce, plain, []byte(at.What)), nil
}

// Open implements Codec.
func (a *AES) Open(at Place, keyID string, sealed []byte) ([]byte, error) {
	if a == nil {
		return nil, errNoKeys
	}
	if a.keys[keyID] == nil {
		return nil, ErrNoKey
	}
	keys, err := a.keysOf(at.Run, keyID)
	if err != nil {
		return nil, err
	}
	n := keys.aead.NonceSize()
	if len(sealed) < n {
		return nil, ErrNotGenuine
	}
	plain, err := keys.aead.Open(nil, sealed[:n], sealed[n:], []byte(at.What))
	if err != nil {
		return nil, ErrNotGenuine // of GCM's error there is no more to say
	}
	return plain, nil
}

// runKeys are the cipher of one run, and the key for its nonces.
type runKeys struct {
	aead     cipher.AEAD
	nonceKey []byte
}

// keysOf are the keys of a run. Those of the last runs are kept, since they cost more
// than to encrypt with them: a run seals and opens several payloads in a row.
func (a *AES) keysOf(run, keyID string) (*runKeys, error) {
	name := keyID + "/" + run
	a.mu.Lock()
	keys := a.made[name]
	a.mu.Unlock()
	if keys != nil {
		return keys, nil
	}
	keys, err := makeKeys(a.keys[keyID], run)
	if err != nil {
		return nil, fmt.Errorf("make the keys of run %s: %w", run, err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.made) >= maxMade {
		clear(a.made)
	}
	a.made[name] = keys
	return keys, nil
}

// maxMade is how many runs' keys are kept.
const maxMade = 1024

func makeKeys(secret []byte, run string) (*runKeys, error) {
	keys, err := hkdf.Expand(sha256.New, secret, "bextgen payloads of run "+run, 2*secretSize)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(keys[:secretSize])
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	return &runKeys{aead, keys[secretSize:]}, err
}

// nonceOf makes a nonce of what is sealed and where. Two different payloads do not
// get the same one, and one that is written again is the same bytes.
func nonceOf(key []byte, what string, plain []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(what)))) // so that the two cannot run into each other
	mac.Write([]byte(what))
	mac.Write(plain)
	return mac.Sum(nil)
}
