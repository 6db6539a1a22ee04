#!/usr/bin/env node
import { Command } from 'commander'
import { serveCommand } from './serve.js'

const program = new Command('launchtail')
  .description('Launch GPU nodes and watch them come up, live.')
  .showHelpAfterError()
  .addCommand(serveCommand())

await program.parseAsync()
