"""models.py FOLDER: creates tiny models with random weights, so that nothing is downloaded to serve one.

FOLDER/whole can be served; FOLDER/cut has weights that end too early, and FOLDER/unknown an architecture
that nobody has written.
"""

import json
import shutil
import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

SENTENCES = [
    "the quick brown fox jumps over the lazy dog",
    "a node is launched and its log is streamed",
    "hello world 0123456789",
]
TEMPLATE = (
    "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor %}"
    "assistant:"
)


def create(folder: Path) -> None:
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=500,
        special_tokens=["<unk>", "<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(SENTENCES * 50, trainer)
    names = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"}
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names)
    fast.chat_template = TEMPLATE
    fast.save_pretrained(folder)
    config = LlamaConfig(
        vocab_size=512,
        hidden_size=256,
        intermediate_size=512,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=2048,
        bos_token_id=1,
        eos_token_id=2,
    )
    LlamaForCausalLM(config).to(torch.bfloat16).save_pretrained(folder)


def main() -> None:
    folder = Path(sys.argv[1])
    whole, cut, unknown = (folder / name for name in ("whole", "cut", "unknown"))
    create(whole)
    for copy in (cut, unknown):
        shutil.copytree(whole, copy)
    weights = cut / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100_000])
    config = json.loads((unknown / "config.json").read_text())
    config["architectures"] = ["NobodyWroteThisForCausalLM"]
    (unknown / "config.json").write_text(json.dumps(config))


main()
