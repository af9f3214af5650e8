"""What is in the list. Numbers of parameters and multiply-accumulates are counted (`pith.models.cost`), not written down."""

from __future__ import annotations

from pith.models.registry import Entry, register

_PHOTO = ((1, 3, 224, 224),)
_CIFAR = ((1, 3, 32, 32),)
_FACE = ((1, 3, 80, 80),)
_SILENT = "Silent-Face-Anti-Spoofing, Apache-2.0"

register(
    Entry("resnet20", "pith.models.resnet_cifar:ResNetCifar", _CIFAR, "CIFAR-10 classifier", "arXiv 1512.03385",
          {"depth": 20}, "cifar10/resnet20-12fca82f.th"),
    Entry("minifasnet_v1", "pith.models.minifasnet:MiniFASNet", _FACE, "liveness of a face", _SILENT, {"widths": "V1"}),
    Entry("minifasnet_v2", "pith.models.minifasnet:MiniFASNet", _FACE, "liveness of a face", _SILENT,
          {"widths": "V2"}, "antispoof/2.7_80x80_MiniFASNetV2.pth"),
    Entry("minifasnet_v1se", "pith.models.minifasnet:MiniFASNet", _FACE, "liveness of a face", _SILENT,
          {"widths": "V1", "gate": True}, "antispoof/4_0_0_80x80_MiniFASNetV1SE.pth"),
    Entry("minifasnet_v2se", "pith.models.minifasnet:MiniFASNet", _FACE, "liveness of a face", _SILENT, {"widths": "V2", "gate": True}),
    Entry("minifasnet_unpruned", "pith.models.minifasnet:MiniFASNet", _FACE, "liveness of a face, before pruning", _SILENT,
          {"widths": "unpruned"}),
    Entry("multiftnet", "pith.models.minifasnet:MultiFTNet", _FACE, "MiniFASNetV2SE with its Fourier branch, for training", _SILENT),
    *(
        Entry(f"lesrcnn_x{scale}", "pith.models.lesrcnn:LESRCNN", ((1, 3, 64, 64),), f"super-resolution, {scale} times as large",
              "arXiv 2007.04344", {"scale": scale}, f"sr/lesrcnn_x{scale}.pth", "pith.models.lesrcnn:adapt")
        for scale in (2, 3, 4)
    ),
    Entry("lesrcnn_multi", "pith.models.lesrcnn:LESRCNN", ((1, 3, 64, 64),), "super-resolution, 2, 3 or 4 times as large",
          "arXiv 2007.04344", {"scale": 2, "multi": True}),
    Entry("lprnet", "pith.models.lprnet:LPRNet", ((1, 3, 24, 94),), "reads Chinese licence plates",
          "arXiv 1806.10447; LPRNet_Pytorch, Apache-2.0", weights="ocr/lprnet/Final_LPRNet_model.pth"),
    Entry("mobilenet_v1_0.25_leaky", "pith.models.retinaface:MobileNetV1Quarter", _PHOTO, "ImageNet classifier, backbone of RetinaFace",
          "Pytorch_Retinaface, MIT", weights="imagenet_models/mobilenetV1X0.25_pretrain.tar"),
    Entry("retinaface_mobilenet0.25", "pith.models.retinaface:RetinaFace", ((1, 3, 320, 320),), "faces with five points",
          "arXiv 1905.00641; Pytorch_Retinaface, MIT", weights="detection/retinaface_mobilenet0.25_Final.pth"),
    Entry("ultraface_rfb320", "pith.models.ultraface:UltraFace", ((1, 3, 240, 320),), "faces",
          "Ultra-Light-Fast-Generic-Face-Detector-1MB, MIT", weights="detection/ultraface/version-RFB-320.pth"),
    Entry("yunet_n", "pith.models.yunet:YuNet", ((1, 3, 320, 320),), "faces with five points",
          "libfacedetection.train, Apache-2.0", weights="detection/yunet_n.pth"),
    Entry("fastestdet", "pith.models.fastestdet:FastestDet", ((1, 3, 352, 352),), "80 kinds of objects",
          "FastestDet, BSD-3-Clause", weights="detection/FastestDet.pth"),
    Entry("pfld106_lite", "pith.models.landmarks:PFLDLite", ((1, 3, 112, 112),), "106 points of a face",
          "arXiv 1902.10859; pfld_106_face_landmarks", weights="landmarks/pfld106_lite.pth"),
    Entry("slim_160", "pith.models.landmarks:Slim", ((1, 3, 160, 160),), "68 points of a face, pose, eyes and mouth",
          "Peppa-Facial-Landmark-PyTorch, Apache-2.0", weights="landmarks/slim_160_latest.pth"),
    Entry("mobilenext", "pith.models.mobilenext:mobilenext", _PHOTO, "ImageNet classifier, as released", "arXiv 2007.02269"),
    Entry("mobilenext_paper", "pith.models.mobilenext:mobilenext", _PHOTO, "ImageNet classifier, as in the paper",
          "arXiv 2007.02269", {"variant": "paper"}),
    Entry("mobilenext_cifar", "pith.models.mobilenext:mobilenext_cifar", _CIFAR, "CIFAR-10 classifier", "arXiv 2007.02269"),
)  # fmt: skip
