import torch, numpy as np, pith
import torch.nn.functional as F
from pith import models
from pith.train import binary
from pith.train.registries import DATA
torch.set_num_threads(1); torch.manual_seed(0)
d=DATA.build({"type":"cifar10","split":"test","limit":2}); x=d.floats(d.x)
f=binary.frozen(models.create("bnn_vgg",width=16))
class P(torch.nn.Module):
    def __init__(s,n): super().__init__(); s.f=f; s.n=n
    def forward(s,x):
        for k,(conv,norm) in enumerate(zip(s.f.convs,s.f.conv_norms)):
            if k==s.n: break
            x=conv(x); x=norm(F.max_pool2d(x,2) if k%2 else x)
        return x
for n in range(1,7):
    p=P(n).eval()
    with torch.no_grad(): a=p(x).numpy()
    o=np.concatenate([np.asarray(pith.from_torch(p,x[:10])(q.numpy())) for q in x.split(10)]) if n==1 else None
    s=pith.from_torch(p,x[:10]); o=np.concatenate([np.asarray(s(q.numpy())) for q in x.split(10)])
    e=np.abs(o-a); print(n,a.shape,"max",e.max(),"share off",(e>1e-3).mean(), "zeros", (a==0).mean(),flush=True)
