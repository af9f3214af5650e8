"""What a recipe may name, by kind. Entries are imported when they are built, so listing them needs no PyTorch."""

from __future__ import annotations

from pith.config import Registry

DATA = Registry("data set")
AUGMENTS = Registry("augmentation")
TASKS = Registry("task")
OPTIMIZERS = Registry("optimizer")
SCHEDULES = Registry("schedule")
HOOKS = Registry("hook")

KINDS = {"data": DATA, "augments": AUGMENTS, "tasks": TASKS, "optimizers": OPTIMIZERS, "schedules": SCHEDULES, "hooks": HOOKS}

for _name in ("SGD", "Adam", "AdamW", "RMSprop"):
    OPTIMIZERS.register_module(_name, module=f"torch.optim:{_name}")
for _registry, _home, _names in (
    (DATA, "pith.train.data.sets", {"arrays": "Arrays", "cifar10": "Cifar10", "mnist": "Mnist", "folder": "Folder"}),
    (DATA, "pith.train.data.text_sets", {"text_words": "TextWords"}),
    (DATA, "pith.train.data.page_sets", {"text_pages": "TextPages"}),
    (DATA, "pith.train.data.sr_pairs", {"sr_pairs": "SrPairs"}),
    (AUGMENTS, "pith.train.data.augment", {"crop_flip": "CropFlip", "text_colours": "TextColours"}),
    (DATA, "pith.train.data.sentences", {"sentences": "Sentences", "sst2": "Sst2"}),
    (AUGMENTS, "pith.train.data.sentences", {"replace_words": "ReplaceWords"}),
    (DATA, "pith.train.data.speech", {"spoken_digits": "SpokenDigits"}),
    (AUGMENTS, "pith.train.data.speech", {"shift_frames": "ShiftFrames"}),
    (TASKS, "pith.train.text_tasks", {"tinybert_inside": "Inside", "tinybert_prediction": "Prediction"}),
    (TASKS, "pith.train.tasks", {"classification": "Classification", "distillation": "Distillation", "squared_hinge": "SquaredHinge",
                                      "regression": "Regression"}),
    (TASKS, "pith.train.ctc", {"ctc": "Ctc"}),
    (TASKS, "pith.train.db", {"db": "Db"}),
    (TASKS, "pith.train.super_resolution", {"super_resolution": "SuperResolution"}),
    (SCHEDULES, "pith.train.schedules", {"constant": "Constant", "cosine": "Cosine", "steps": "Steps"}),
    (HOOKS, "pith.train.hooks", {"csv": "CsvLog", "tensorboard": "TensorBoard", "bar": "Bar", "evaluate": "Evaluate", "clip": "Clip",
                                      "clip_binary": "ClipBinary"}),
):
    for _name, _class in _names.items():
        _registry.register_module(_name, module=f"{_home}:{_class}")
