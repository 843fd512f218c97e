// jemalloc's settings, which it finds by this name (jemalloc(3), "TUNING"): what a query held goes back to the system within a second or two,
// given back by a thread of its own.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0";
}
