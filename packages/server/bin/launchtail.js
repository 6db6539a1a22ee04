#!/usr/bin/env node
// Not what is built: npm links a command that is there when it installs, and no other.
import { existsSync } from 'node:fs'

const command = new URL('../dist/cli/index.js', import.meta.url)
if (existsSync(command)) await import(command.href)
else {
  console.error('launchtail: it is not built yet; run: npm run build')
  process.exitCode = 1
}
