// KVMemory
