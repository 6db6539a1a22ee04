import type { Tool } from './tool.js'

/** A shell that runs a task's commands, and Python where a module is missing. */
export const shell: Tool = {
  name: 'The shell and Python',
  spoken: 'by anybody',
  rules: [
    {
      when: /^bash: \S{1,300}\/\.(?:bashrc|bash_profile|profile|bash_aliases): No such file or directory$/,
      level: 'warn',
      example: 'bash: /home/user/.bashrc: No such file or directory',
    },
  ],
  causes: [
    {
      code: 'not_installed',
      when: [
        /^ModuleNotFoundError: No module named /,
        /^ImportError: (?:\S{1,200}: cannot open shared object file|cannot import name (?!'\w{1,100}' from '(?:transformers|torch|vllm|sglang|huggingface_hub|tokenizers|flashinfer|triton|numpy|outlines|xgrammar)\b)|libGL|lib\w{1,60}\.so)/,
        /^\S{1,200}: No module named \S{1,100}$/,
        /\berror while loading shared libraries: \S/,
      ],
      maybe: [
        /^\S{1,200}: (?:(?:line )?\d{1,6}: )?(?:exec: )?\S{1,200}: (?:command not found|not found)$/,
        /\bexec: "[^"]{1,200}": (?:executable file not found in \$PATH|stat \S{1,300}: no such file)/,
      ],
      examples: [
        "ModuleNotFoundError: No module named 'vllm'",
        'ImportError: libcudart.so.12: cannot open shared object file',
        '/usr/bin/python3: No module named vllm',
        'vllm: error while loading shared libraries: libcuda.so.1: cannot open shared object file',
        'bash: line 3: vllm: command not found',
        'bash: line 1: exec: vllm: not found',
        'exec: "vllm": executable file not found in $PATH: unknown',
      ],
    },
    {
      code: 'setup_failed',
      maybe: [
        /^(?:\S{1,200}: )?(?:(?:line )?\d{1,6}: )?[A-Za-z_]\w{0,100}: unbound variable$/,
        /^(?:\S{1,200}: )?(?:(?:line )?\d{1,6}: )?(?:syntax error|unexpected EOF while looking for|conditional binary operator expected)\b/,
      ],
      wraps: [/^setup (?:failed with|was ended by|could not be started)\b/],
      examples: [
        '(setup pid=7) bash: A: unbound variable',
        "bash: line 4: syntax error near unexpected token `fi'",
        'setup failed with exit code 2',
      ],
    },
  ],
}
