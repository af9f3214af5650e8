"""What the importers of layer formats (Caffe, ncnn, Tengine) share: a layer and the graph it is added to, and the layers
that mean the same in all of them."""
