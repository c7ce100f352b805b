// Loaded into Poplar before it starts (`node --expose-gc --import`): collects garbage when told by SIGUSR2, so that
// memory can be read without what merely waits to be collected.
process.on('SIGUSR2', () => void globalThis.gc?.())
