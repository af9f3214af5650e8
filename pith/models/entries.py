"""What is in the list. Numbers of parameters and multiply-accumulates are counted (`pith.models.cost`), not written down."""

from __future__ import annotations

from pith.models.registry import Entry, register

_PHOTO = ((1, 3, 224, 224),)
_CIFAR = ((1, 3, 32, 32),)
_FACE = ((1, 3, 80, 80),)
_OCR = "arXiv 2009.09941; PaddleOCR, Apache-2.0"
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
    *(
        Entry(f"mobilenet_v1_{w}", "pith.models.mobilenet:MobileNetV1", _PHOTO, "ImageNet classifier", "arXiv 1704.04861", {"width": w})
        for w in (1.0, 0.5, 0.25)
    ),
    *(
        Entry(f"mobilenet_v2_{w}", "pith.models.mobilenet:MobileNetV2", _PHOTO, "ImageNet classifier", "arXiv 1801.04381", {"width": w})
        for w in (1.4, 1.0, 0.75, 0.5, 0.35)
    ),
    Entry("mobilenet_v2_cifar", "pith.models.mobilenet:mobilenet_v2_cifar", _CIFAR, "CIFAR-10 classifier", "arXiv 1801.04381"),
    *(
        Entry(f"mobilenet_v3_{size}", "pith.models.mobilenet:MobileNetV3", _PHOTO, "ImageNet classifier", "arXiv 1905.02244", {"size": size})
        for size in ("large", "small")
    ),
    *(
        Entry(f"resnet{depth}", "pith.models.resnet:ResNet", _PHOTO, "ImageNet classifier", "arXiv 1512.03385", {"depth": depth})
        for depth in (18, 50)
    ),
    Entry("resnet8", "pith.models.resnet:ResNet8", _CIFAR, "CIFAR-10 classifier", "MLPerf Tiny, Apache-2.0"),
    Entry("ds_cnn", "pith.models.ds_cnn:DSCNN", ((1, 1, 49, 10),), "key words", "arXiv 1711.07128; MLPerf Tiny, Apache-2.0"),
    Entry("mobilefacenet", "pith.models.mobilefacenet:MobileFaceNet", ((1, 3, 112, 112),), "tells faces apart", "arXiv 1804.07573"),
    Entry("mobilefacenet_cifar", "pith.models.mobilefacenet:MobileFaceNet", _CIFAR, "CIFAR-10 classifier", "arXiv 1804.07573",
          {"final": 2, "classes": 10}),
    *(
        Entry(f"pfld_{points}", "pith.models.pfld:PFLD", ((1, 3, 112, 112),), f"{points} points of a face", "arXiv 1902.10859",
              {"points": points})
        for points in (68, 98, 106, 212)
    ),
    Entry("ppocr_det", "pith.models.pp_ocr:Detector", ((1, 3, 640, 640),), "finds lines of text", _OCR),
    Entry("ppocr_det_256", "pith.models.pp_ocr:Detector", ((1, 3, 640, 640),), "finds lines of text, wider neck", _OCR, {"inner": 256}),
    Entry("ppocr_det_slim", "pith.models.pp_ocr:Detector", ((1, 3, 640, 640),), "finds lines of text, without gates", _OCR,
          {"gates": False}),
    Entry("ppocr_cls", "pith.models.pp_ocr:Direction", ((1, 3, 48, 192),), "text upright or upside down", _OCR),
    Entry("ppocr_rec", "pith.models.pp_ocr:Recogniser", ((1, 3, 32, 320),), "reads a line of text", _OCR),
    Entry("text_crnn", "pith.models.text_crnn:TextCrnn", ((1, 3, 32, 128),), "reads a word", "after arXiv 1507.05717"),
    *(
        Entry(f"tinybert{layers}", "pith.models.tinybert:TinyBERT", ((1, 64),) * 3, "classifies sentences", "arXiv 1909.10351",
              {"layers": layers}, integers=2)
        for layers in (4, 6)
    ),
    Entry("tinybert_teacher", "pith.models.tinybert:TinyBERT", ((1, 64),) * 3, "classifies sentences; a teacher that is trained from nothing",
          "arXiv 1909.10351", {"layers": 4, "size": (480, 1920, 12)}, integers=2),
    Entry("text_cnn", "pith.models.text_cnn:TextCnn", ((1, 64),), "classifies sentences; a teacher that is trained from nothing",
          "arXiv 1408.5882", integers=1),
    Entry("ssdlite_mobilenet_v2", "pith.models.ssdlite:SSDLite", ((1, 3, 320, 320),), "80 kinds of objects", "arXiv 1801.04381"),
    Entry("nanodet_m", "pith.models.nanodet:NanoDet", ((1, 3, 320, 320),), "80 kinds of objects", "NanoDet, Apache-2.0"),
    Entry("bnn_mlp", "pith.models.binary:BinaryMLP", ((1, 784),), "MNIST classifier, binary", "arXiv 1602.02830"),
    Entry("bnn_vgg", "pith.models.binary:BinaryVGG", _CIFAR, "CIFAR-10 classifier, binary", "arXiv 1602.02830"),
    Entry("vgg_small", "pith.models.binary:BinaryVGG", _CIFAR, "CIFAR-10 classifier, the real twin of bnn_vgg", "arXiv 1511.00363",
          {"method": "real"}),
    Entry("bireal18", "pith.models.binary:BiReal18", _PHOTO, "ImageNet classifier, binary", "arXiv 1808.00278"),
    Entry("lfc_w1a1", "pith.models.bnn_pynq:LFC", ((1, 784),), "MNIST classifier, binary throughout", "BNN-PYNQ, BSD-3-Clause",
          weights="bnn/lfcW1A1.zip", read="pith.models.bnn_pynq:read_lfc"),
    Entry("cnv_w1a1", "pith.models.bnn_pynq:CNV", _CIFAR, "CIFAR-10 classifier, binary throughout", "BNN-PYNQ, BSD-3-Clause",
          weights="bnn/cnvW1A1.zip", read="pith.models.bnn_pynq:read_cnv"),
    *(
        Entry(f"face_api_68{suffix}", "pith.models.face_api:Landmarks", ((1, 3, 112, 112),), "68 points of a face", "face-api.js, MIT",
              {"tiny": bool(suffix)}, f"landmarks/face_api/face_landmark_68{suffix}_model-weights_manifest.json",
              "pith.models.face_api:adapt", "pith.models.face_api:read_shards")
        for suffix in ("", "_tiny")
    ),
    Entry("tiny_face_detector", "pith.models.face_api:TinyFaceDetector", ((1, 3, 416, 416),), "faces", "face-api.js, MIT",
          weights="landmarks/face_api/tiny_face_detector_model-weights_manifest.json", adapt="pith.models.face_api:adapt",
          read="pith.models.face_api:read_shards"),
)  # fmt: skip
