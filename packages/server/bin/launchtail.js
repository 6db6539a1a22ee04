#!/usr/bin/env node
// Not what is built: npm links a command that is there when it installs, and no other.
import { existsSync } from 'node:fs'
import module from 'node:module'

const command = new URL('../dist/launchtail.js', import.meta.url)
if (existsSync(command)) {
  // From Node 22 on: what was compiled once is read from the disk at the next start.
  module.enableCompileCache?.()
  await import(command.href)
} else {
  console.error('launchtail: it is not built yet; run: npm run build')
  process.exitCode = 1
}
