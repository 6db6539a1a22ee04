/** A program that tells where it finds the client's protocol. */
process.send?.(import.meta.resolve('@launchtail/client/protocol'))
