/** The engines that a launch may name. Without their schema, for the page. */
export const ENGINES = ['vllm', 'sglang', 'llamacpp', 'tgi', 'ollama', 'tei', 'command'] as const
