package engine

// stackRoom is about how much stack the goroutines of runs and of attempts use.
const stackRoom = 6 << 10

// growStack makes the goroutine's stack as large as it will be, at a moment at which there is
// nothing on it. It would grow by itself too, in several steps and with all frames to be copied.
//
//go:noinline
func growStack(i int) byte {
	var room [stackRoom]byte
	return room[i%stackRoom]
}
